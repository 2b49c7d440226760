/// User input for a message: on one line, bounded, in backticks.
package func quoted(_ text: String) -> String { "`\(printable(text))`" }

/// User input on one line, without control characters, at most 80 characters of it.
func printable(_ text: String) -> String {
  var result = ""
  var count = 0
  for scalar in text.unicodeScalars {
    guard count < 80 else { return result + "…" }
    count += 1
    switch scalar.value {
    case 0x0a: result += "\\n"
    case 0x0d: result += "\\r"
    case 0x09: result += "\\t"
    case 0..<0x20, 0x7f..<0xa0, 0x200e, 0x200f, 0x2028...0x202e, 0x2066...0x2069, 0xfeff:
      result += "\\u{\(String(scalar.value, radix: 16))}"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}

/// Words in backticks as a sentence has them: `a`, `b` or `c`.
func enumerated(_ words: [String], _ conjunction: String = "or") -> String {
  let marked = words.map { "`\($0)`" }
  guard let last = marked.last, marked.count > 1 else { return marked.first ?? "" }
  return marked.dropLast().joined(separator: ", ") + " \(conjunction) " + last
}

/// A noun with its article.
func indefinite(_ noun: String) -> String {
  let vowel = ["a", "e", "i", "o"].contains(noun.prefix(1).lowercased()) || noun.hasPrefix("http")
  return vowel ? "an \(noun)" : "a \(noun)"
}

/// The known word that `word` most likely means, nil when none is near.
package func nearest(_ word: String, in known: [String]) -> String? {
  let typed = Array(word.lowercased().unicodeScalars.prefix(65))
  guard !typed.isEmpty, typed.count <= 64 else { return nil }
  var best: (word: String, distance: Int)?
  for candidate in known {
    let scalars = Array(candidate.lowercased().unicodeScalars)
    let distance = editDistance(typed, scalars)
    let allowed = max(1, min(3, min(typed.count, scalars.count) / 2))
    if distance <= allowed, best.map({ distance < $0.distance }) ?? true { best = (candidate, distance) }
  }
  return best?.word
}

/// Insertions, deletions, replacements and swaps of neighbours between two words.
package func editDistance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
  var before: [Int] = []
  var row = Array(0...right.count)
  for (i, a) in left.enumerated() {
    var next = [i + 1]
    next.reserveCapacity(right.count + 1)
    for (j, b) in right.enumerated() {
      var cost = min(row[j + 1] + 1, next[j] + 1, row[j] + (a == b ? 0 : 1))
      if i > 0, j > 0, a == right[j - 1], left[i - 1] == b { cost = min(cost, before[j - 1] + 1) }
      next.append(cost)
    }
    before = row
    row = next
  }
  return row[right.count]
}
