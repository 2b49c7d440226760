/// Watches XML before the parser sees it, for what would cost the parser more than its length: elements of many
/// attributes (it compares each with each) and document types with declarations (entities, default attributes).
///
/// It reads bytes of an encoding in which markup is ASCII, and goes wrong only where the document is not well-formed
/// and the parser stops.
struct XMLTagGuard: Sendable {
  private enum State: Sendable {
    /// → markup
    case text
    /// Behind `<`. → instruction, declaration, tag
    case markup
    /// Behind `<!`. → comment, section, documentType
    case declaration
    /// → quoted, text
    case tag
    /// → quoted, documentTypeEnd
    case documentType
    /// Behind its `>`, where libxml2 still takes declarations. → text, markup
    case documentTypeEnd
    /// → tag, documentType
    case quoted(UInt8, inTag: Bool)
    /// Until `?>`, `-->`, `]]>`. → text
    case instruction, comment, section
  }

  enum Finding: Sendable {
    case tooManyAttributes, declarations
  }

  private let maximumAttributes: Int
  private var state = State.text
  private var attributes = 0
  /// Bytes in a row of what ends the present state, or of what began the declaration.
  private var run = 0

  /// The last byte of the present tag that is no white space, and whether it ends there, behind how many pieces of
  /// white space.
  private var lastByte: UInt8 = 0
  private var isBehindSpace = false
  private var spaces = 0

  init(maximumAttributes: Int) { self.maximumAttributes = maximumAttributes }

  mutating func check(_ bytes: Span<UInt8>) -> Finding? {
    var index = 0
    while index < bytes.count {
      if case .text = state {
        guard let next = BodyBytes.index(of: UInt8(ascii: "<"), in: bytes, index..<bytes.count) else { return nil }
        index = next &+ 1
        state = .markup
        continue
      }
      if let finding = take(bytes[index]) { return finding }
      index &+= 1
    }
    return nil
  }

  private mutating func take(_ byte: UInt8) -> Finding? {
    switch state {
    case .text: break
    case .markup: begin(byte)
    case .declaration: declare(byte)
    case .tag:
      return tag(byte)
    case .documentType:
      if byte == UInt8(ascii: "[") { return .declarations }
      if byte == UInt8(ascii: ">") { state = .documentTypeEnd }
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") { state = .quoted(byte, inTag: false) }
    case .documentTypeEnd:
      if byte == UInt8(ascii: "[") { return .declarations }
      state = byte == UInt8(ascii: "<") ? .markup : .text
    case .quoted(let quote, let inTag):
      if byte == quote { state = inTag ? .tag : .documentType }
    case .instruction: end(byte, UInt8(ascii: "?"), 1)
    case .comment: end(byte, UInt8(ascii: "-"), 2)
    case .section: end(byte, UInt8(ascii: "]"), 2)
    }
    return nil
  }

  private mutating func begin(_ byte: UInt8) {
    run = 0
    attributes = 0
    spaces = 0
    lastByte = byte
    isBehindSpace = false
    switch byte {
    case UInt8(ascii: "!"): state = .declaration
    case UInt8(ascii: "?"): state = .instruction
    default: state = .tag
    }
  }

  private mutating func declare(_ byte: UInt8) {
    if byte == UInt8(ascii: "-") {
      run &+= 1
      if run == 2 {
        state = .comment
        run = 0
      }
    } else {
      state = byte == UInt8(ascii: "[") ? .section : .documentType
      run = 0
    }
  }

  private mutating func tag(_ byte: UInt8) -> Finding? {
    if BodyBytes.isSpace(byte) {
      isBehindSpace = true
      return nil
    }
    if isBehindSpace { spaces &+= 1 }
    isBehindSpace = false
    lastByte = byte
    switch byte {
    case UInt8(ascii: ">"): state = .text
    case UInt8(ascii: "\""), UInt8(ascii: "'"): state = .quoted(byte, inTag: true)
    case UInt8(ascii: "="):
      attributes &+= 1
      if attributes > maximumAttributes { return .tooManyAttributes }
    default: break
    }
    return nil
  }

  /// Counts what must stand before the `>` that ends the state.
  private mutating func end(_ byte: UInt8, _ mark: UInt8, _ count: Int) {
    if byte == mark {
      run &+= 1
    } else {
      if byte == UInt8(ascii: ">"), run >= count { state = .text }
      run = 0
    }
  }

  /// What makes a tag or section whole that a body breaks off in, so that the parser gives what it holds of it.
  var completion: String {
    switch state {
    case .section: return "]]>"
    case .quoted(let quote, inTag: true): return quote == UInt8(ascii: "'") ? "'>" : "\">"
    case .tag:
      if lastByte == UInt8(ascii: "=") { return "\"\">" }
      let isName = spaces > 0 && lastByte != UInt8(ascii: "\"") && lastByte != UInt8(ascii: "'")
      return isName && lastByte != UInt8(ascii: "/") ? "=\"\">" : ">"
    default: return ""
    }
  }
}
