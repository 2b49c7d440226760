/// A part of a regular expression that every match contains, chosen to be rare in ordinary text.
///
/// Its node has no loops over common bytes: ``RegexNode/anything`` in it means that the rest is cut off, so a string
/// that begins with what stands before it counts as found.
struct RegexFactor: Sendable, Hashable {
  let node: RegexNode
  /// The chance that it is found at one position of ordinary text.
  let frequency: Double
  /// The bytes and sets in ``node``.
  let size: Int

  /// What is rarer than this isn't made rarer by more text.
  static let rareFrequency = 1.0 / Double(1 << 20)
  /// A factor more frequent than this doesn't filter.
  static let commonFrequency = 0.02
  /// Together, factors need not be rarer than this.
  private static let enoughFrequency = 1.0 / Double(1 << 24)
  /// Loops over sets more frequent than this are cut.
  private static let wideFrequency = 0.12
  /// Where more than this share goes on through a cut, all does.
  private static let openFrequency = 0.3
  /// How often a place is the beginning of a line.
  private static let startFrequency = 1.0 / 32
  private static let copiesLimit = 3
  private static let sizeLimit = 4_000
  private static let stepLimit = 50_000
  private static let startLimit = 2_000

  /// Rare factors of `node`, the best first, no two from the same place; together they are necessary for a match.
  static func all(of node: RegexNode, limit: Int) -> [RegexFactor] {
    var factors: [RegexFactor] = []
    var parts = [node]
    var frequency = 1.0
    while factors.count < limit {
      var chosen: (part: Int, choice: Choice)?
      for (index, part) in parts.enumerated() {
        guard let choice = best(of: part) else { continue }
        if let old = chosen, old.choice.factor.cost <= choice.factor.cost { continue }
        chosen = (index, choice)
      }
      guard let chosen, chosen.choice.factor.frequency < commonFrequency else { break }
      let factor = chosen.choice.factor
      // A lone byte is a clause already; what is rare enough needs no second factor.
      if !factors.isEmpty, factor.size <= 1 || frequency < enoughFrequency || factor.isPoor { break }
      frequency *= factor.frequency
      factors.append(factor)
      parts.replaceSubrange(chosen.part...chosen.part, with: chosen.choice.rest)
    }
    return factors
  }

  private var cost: Double { max(frequency, Self.rareFrequency / 32) * (1 + Double(size) / 512) }

  /// Many states for little.
  private var isPoor: Bool { size > 64 && frequency > 0.003 }

  private struct Choice {
    var factor: RegexFactor
    /// What remains of the node beside the factor.
    var rest: [RegexNode]
  }

  private static func best(of node: RegexNode) -> Choice? {
    switch node {
    case .empty, .assertion, .anything: return nil
    case .set: return factor(of: [node]).map { Choice(factor: $0.factor, rest: []) }
    case .alternatives(let branches):
      var factors: [RegexFactor] = []
      for branch in branches {
        guard let choice = best(of: branch) else { return nil }
        factors.append(choice.factor)
      }
      let frequency = min(1, factors.reduce(0) { $0 + $1.frequency })
      let size = factors.reduce(0) { $0 + $1.size }
      guard size <= sizeLimit else { return nil }
      let node = RegexNode.either(factors.map(\.node))
      return Choice(factor: RegexFactor(node: node, frequency: frequency, size: size), rest: [])
    case .repeated(let inner, let minimum, _): return minimum > 0 ? best(of: inner) : nil
    case .concatenation(let items): return best(of: items)
    }
  }

  private static func best(of items: [RegexNode]) -> Choice? {
    var best: Choice?
    func consider(_ factor: RegexFactor, _ range: Range<Int>) {
      if let best, best.factor.cost <= factor.cost { return }
      let rest = [RegexNode.joined(Array(items[..<range.lowerBound])), .joined(Array(items[range.upperBound...]))]
      best = Choice(factor: factor, rest: rest.filter { $0 != .empty })
    }
    for start in items.indices.prefix(startLimit) {
      switch items[start] {
      case .empty, .anything, .repeated(_, 0, _): continue
      case .alternatives, .repeated:
        if let choice = self.best(of: items[start]) { consider(choice.factor, start..<start + 1) }
      default: break
      }
      if let (factor, used) = factor(of: items[start...]) { consider(factor, start..<start + used) }
    }
    return best
  }

  /// The factor that begins with the first of `items`, and how many of them it uses.
  private static func factor(of items: ArraySlice<RegexNode>) -> (factor: RegexFactor, used: Int)? {
    var budget = Budget(mass: leadingMass(of: items))
    var used = 0
    var result: [RegexNode] = []
    while used < items.count {
      let (node, isCut) = cut(items.dropFirst(used).prefix(1), &budget)
      used += 1
      result.append(node)
      if isCut { break }
    }
    let node = RegexNode.joined(result)
    var frequency = frequency(of: node, then: 1) * leadingMass(of: items)
    // Without a cut, what stands at the end counts, too.
    if used == items.count, used > 1, case .assertion(let assertion)? = items.last, case .assertion? = result.last {
      frequency *= assertion == .wordBoundary ? 0.3 : assertion == .notWordBoundary ? 1 : startFrequency
    }
    guard budget.size <= sizeLimit, !node.isNullable else { return nil }
    return (RegexFactor(node: node, frequency: frequency, size: budget.size), used)
  }

  private static func leadingMass(of items: ArraySlice<RegexNode>) -> Double {
    guard let first = items.first, case .assertion(let assertion) = first else { return 1 }
    switch assertion {
    case .wordBoundary: return items.count > 1 ? 0.3 : 1
    default: return 1
    }
  }

  private struct Budget {
    /// The greatest chance that a path has come here.
    var mass: Double
    var size = 0
    var steps = 0
  }

  /// `node` without what can't or needn't be followed, and whether every path through it ends in a cut.
  private static func cut(_ node: RegexNode, _ budget: inout Budget) -> (RegexNode, Bool) {
    budget.steps += 1
    if budget.steps > stepLimit { return (.anything, true) }
    switch node {
    case .empty, .assertion: return (node, false)
    case .anything: return (node, true)
    case .set(let set):
      let frequency = ByteFrequency.sum(of: set)
      // A common byte filters little and multiplies states.
      if frequency > wideFrequency * 2, budget.mass < 0.001 { return (.anything, true) }
      budget.mass *= frequency
      budget.size += 1
      return (node, false)
    case .concatenation(let items): return cut(items[...], &budget)
    case .alternatives(let branches):
      let start = budget.mass
      var mass = 0.0
      var result: [RegexNode] = []
      for branch in branches {
        budget.mass = start
        let (inner, isCut) = cut(branch, &budget)
        result.append(inner)
        if !isCut { mass = max(mass, budget.mass) }
      }
      budget.mass = mass
      return (.either(result), mass == 0)
    case .repeated(let inner, let minimum, let maximum):
      return cut(loop: inner, minimum, maximum, &budget)
    }
  }

  private static func cut(_ items: ArraySlice<RegexNode>, _ budget: inout Budget) -> (RegexNode, Bool) {
    var result: [RegexNode] = []
    for item in items {
      guard budget.mass > rareFrequency, budget.size < sizeLimit else { return (.joined(result + [.anything]), true) }
      let size = budget.size
      let (inner, isCut) = cut(item, &budget)
      // Where most that comes here is let through anyway, what follows is of no use.
      if !isCut, frequency(of: inner, then: 0) > openFrequency {
        budget.size = size
        return (.joined(result + [.anything]), true)
      }
      result.append(inner)
      if isCut { return (.joined(result), true) }
    }
    return (.joined(result), false)
  }

  private static func cut(
    loop node: RegexNode, _ minimum: Int, _ maximum: Int?, _ budget: inout Budget
  ) -> (RegexNode, Bool) {
    let start = budget.mass
    if let maximum, maximum <= copiesLimit {
      var result: [RegexNode] = []
      for index in 0..<maximum {
        let before = budget.mass
        let (inner, isCut) = cut(node, &budget)
        if index >= minimum {
          result.append(.repeated(inner, minimum: 0, maximum: 1))
          budget.mass = before
        } else {
          result.append(inner)
          if isCut { return (.joined(result), true) }
        }
      }
      return (.joined(result), false)
    }
    var copies: [RegexNode] = []
    for _ in 0..<minimum {
      guard budget.mass > rareFrequency, budget.size < sizeLimit, copies.count < 32 else {
        return (.joined(copies + [.anything]), true)
      }
      let (inner, isCut) = cut(node, &budget)
      copies.append(inner)
      if isCut { return (.joined(copies), true) }
    }
    let after = budget.mass
    budget.mass = start
    let (inner, _) = cut(node, &budget)
    budget.mass = after
    guard !inner.containsAnything, frequency(of: inner, then: 1) <= wideFrequency else {
      return (.joined(copies + [.anything]), true)
    }
    return (.joined(copies + [.repeated(inner, minimum: 0, maximum: nil)]), false)
  }

  /// The chance that `node` and then something of chance `rest` is found at a position.
  static func frequency(of node: RegexNode, then rest: Double) -> Double {
    switch node {
    case .assertion(.textStart), .assertion(.lineStart): return rest * startFrequency
    case .empty, .assertion: return rest
    case .anything: return 1
    case .set(let set): return ByteFrequency.sum(of: set) * rest
    case .concatenation(let items):
      return items.reversed().reduce(rest) { frequency(of: $1, then: $0) }
    case .alternatives(let branches):
      return min(1, branches.reduce(0) { $0 + frequency(of: $1, then: rest) })
    case .repeated(let inner, let minimum, let maximum):
      // What has been cut has no other loops than `?` and `*`.
      guard minimum == 0 else { return 1 }
      if maximum != nil { return min(1, rest + frequency(of: inner, then: rest)) }
      return min(1, rest / max(0.05, 1 - frequency(of: inner, then: 1)))
    }
  }
}

extension RegexNode {
  var containsAnything: Bool {
    switch self {
    case .anything: true
    case .empty, .set, .assertion: false
    case .concatenation(let items): items.contains { $0.containsAnything }
    case .alternatives(let branches): branches.contains { $0.containsAnything }
    case .repeated(let inner, _, _): inner.containsAnything
    }
  }
}
