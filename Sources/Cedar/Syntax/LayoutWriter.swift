/// Writes the steps of layouts: a group stays on one line where it fits.
struct LayoutWriter {
  private let width: Int
  private let indentation: Int
  private var text = ""
  private var column = 0
  private var level = 0
  /// A blank is due before the next token of the line.
  private var hasSpace = false
  /// A comment ends the line.
  private var mustBreak = false
  /// Whether each open group is broken; what stands outside of all is.
  private var broken = [true]
  /// Comments that were written ahead of their token.
  private var writtenComments: Int?

  init(width: Int, indentation: Int) {
    self.width = width
    self.indentation = indentation
  }

  /// The whole text, with one line end at its end.
  mutating func finished() -> String {
    if column > 0 { newLine() }
    return text
  }

  /// Writes what stands before the first token of a policy, or before the end of the text.
  mutating func beginPolicy(comments: [FormatComment], hasBlankLine: Bool) {
    let isFirst = text.isEmpty
    if column > 0 { newLine() }
    for (index, comment) in comments.enumerated() {
      if index == 0 ? !isFirst : comment.hasBlankLine { text += "\n" }
      text += comment.text + "\n"
    }
    if comments.isEmpty ? !isFirst : hasBlankLine { isBlankLineDue = true }
  }

  /// Not at the end of the text.
  private var isBlankLineDue = false

  mutating func write(_ steps: [PolicyLayout.Step], _ tokens: [FormatToken]) {
    if isBlankLineDue { text += "\n" }
    isBlankLineDue = false
    for (index, step) in steps.enumerated() {
      switch step {
      case .token(let token): write(tokens[token], comments: token == 0 || token == writtenComments ? [] : nil)
      case .comments(let token):
        guard token < tokens.count, !tokens[token].comments.isEmpty else { continue }
        write(comments: tokens[token].comments)
        writtenComments = token
      case .space: hasSpace = true
      case .line: if broken.last == true { newLine() } else { hasSpace = true }
      case .softLine: if broken.last == true { newLine() }
      case .hardLine: newLine()
      case .indent: level += 1
      case .outdent: level -= 1
      case .open: broken.append(broken.last == true && !fits(steps, from: index, tokens))
      case .close: broken.removeLast()
      case .nothing: break
      }
    }
    writtenComments = nil
  }

  private mutating func newLine() {
    hasSpace = false
    mustBreak = false
    guard column > 0 else { return }
    text += "\n"
    column = 0
  }

  private mutating func write(_ token: FormatToken, comments: [FormatComment]?) {
    write(comments: comments ?? token.comments)
    if mustBreak { newLine() }
    write(token.text)
    guard let comment = token.lineComment else { return }
    hasSpace = true
    write(comment)
    mustBreak = true
  }

  /// Each on a line of its own.
  private mutating func write(comments: [FormatComment]) {
    for comment in comments {
      newLine()
      write(comment.text)
      mustBreak = true
    }
  }

  private mutating func write(_ part: String) {
    if column == 0 {
      column = level * indentation
      text += String(repeating: " ", count: column)
    } else if hasSpace {
      text += " "
      column += 1
    }
    hasSpace = false
    text += part
    // Strings may have several lines.
    if let end = part.utf8.lastIndex(of: 0x0a) {
      column = 1 + part[end...].unicodeScalars.count
    } else {
      column += part.unicodeScalars.count
    }
  }

  /// Whether a group, and what can't be broken from it, stays within the width on this line.
  private func fits(_ steps: [PolicyLayout.Step], from start: Int, _ tokens: [FormatToken]) -> Bool {
    guard case .open(let end) = steps[start] else { return true }
    var room = width - (column == 0 ? level * indentation : column + (hasSpace ? 1 : 0))
    var isFirst = true
    var isBroken = false
    // Groups around this one, from the innermost.
    var outer = broken.count - 1
    var nesting = 0
    for index in start..<steps.count {
      let isInside = index < end
      switch steps[index] {
      case .token(let token):
        if !isFirst, !tokens[token].comments.isEmpty || isBroken { return !isInside }
        isFirst = false
        room -= tokens[token].text.unicodeScalars.count
        if tokens[token].lineComment != nil { isBroken = true }
      case .comments(let token):
        if token < tokens.count, !tokens[token].comments.isEmpty { return !isInside }
      case .space: room -= 1
      case .line:
        if !isInside, nesting == 0, broken[outer] { return room >= 0 }
        room -= 1
      case .softLine: if !isInside, nesting == 0, broken[outer] { return room >= 0 }
      case .hardLine: return room >= 0
      case .open: if !isInside { nesting += 1 }
      case .close:
        guard index > end else { break }
        if nesting > 0 { nesting -= 1 } else { outer -= 1 }
      case .indent, .outdent, .nothing: break
      }
      if room < 0 { return false }
    }
    return true
  }
}
