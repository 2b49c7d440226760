/// Why an operator can't work with its argument, in plain words.
package struct OperatorArgumentError: Error, Sendable, Hashable {
  package let message: String

  init(_ message: String) { self.message = message }

  /// The start of an argument for a message: one line in backticks.
  static func quoted(_ text: Span<UInt8>) -> String {
    var bytes: [UInt8] = []
    for index in 0..<min(text.count, 80) {
      let byte = text[index]
      bytes.append(byte < 0x20 || byte >= 0x7f || byte == UInt8(ascii: "`") ? UInt8(ascii: "?") : byte)
    }
    return "`" + String(decoding: bytes, as: UTF8.self) + (text.count > 80 ? "…`" : "`")
  }
}
