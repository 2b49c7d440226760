/// The one place that takes secrets out of text before it is logged, shown or sent on.
public enum Redactor {
  /// What stands in a secret's place.
  public static let mark = "<redacted>"

  /// Whether a header, parameter or cookie of this name holds a secret, by what the name contains.
  public static func isSecretName(_ name: some StringProtocol) -> Bool {
    var copy = String(name)
    return copy.withUTF8 { isSecretName($0) }
  }

  // invariant: the pointer is not kept; static strings are read below their count.
  private static func isSecretName(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
    var lowered = InlineArray<256, UInt8>(repeating: 0)
    var count = 0
    for byte in name.prefix(256) {
      switch byte {
      case 0x41...0x5a: lowered[count] = byte | 0x20
      case 0x2d, 0x5f, 0x2e: continue
      default: lowered[count] = byte
      }
      count += 1
    }
    for start in 0..<count {
      for word in secretWords where word.utf8Start[0] == lowered[start] && word.utf8CodeUnitCount <= count - start {
        var length = 1
        while length < word.utf8CodeUnitCount, word.utf8Start[length] == lowered[start + length] { length += 1 }
        if length == word.utf8CodeUnitCount { return true }
      }
    }
    return false
  }

  /// The value of a named field, or the mark when the name says that it's a secret.
  public static func value(_ value: String, of name: some StringProtocol) -> String {
    isSecretName(name) ? mark : redact(value)
  }

  /// Replaces secrets in free text: values of secret-bearing names (`password=…`, `Cookie: …`), `Bearer` and `Basic`
  /// credentials, JSON web tokens, and the password of a URL.
  public static func redact(_ text: String) -> String {
    var copy = text
    let result: [UInt8]? = copy.withUTF8 { bytes in
      guard mayHoldSecret(bytes) else { return nil }
      var scanner = Scanner(bytes: bytes)
      return scanner.run()
    }
    guard let result else { return text }
    return String(decoding: result, as: UTF8.self)
  }

  /// Parts of names without `-`, `_` and `.`.
  private static let secretWords: [StaticString] = [
    "authorization", "cookie", "password", "passwd", "passphrase", "pwd", "token", "secret", "apikey", "accesskey",
    "privatekey", "credential", "session", "signature", "jwt", "assertion", "authkey", "xauth",
  ]

  /// A cheap look before the scan: all secrets follow `=`, `:`, `%3d`, a space, or begin with `eyJ`.
  // invariant: the pointer is not kept.
  private static func mayHoldSecret(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    bytes.contains { $0 == 0x3d || $0 == 0x3a || $0 == 0x25 || $0 == 0x20 || $0 == 0x2e }
  }

  /// One pass over the text; nil when nothing had to be replaced.
  // invariant: made and used inside the closure that lends `bytes`; positions are compared with `bytes.count` before a read.
  private struct Scanner {
    let bytes: UnsafeBufferPointer<UInt8>
    var output: [UInt8] = []
    var copied = 0
    var changed = false

    init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    mutating func run() -> [UInt8]? {
      var position = 0
      while position < bytes.count {
        if isWord(bytes[position]) {
          let end = endOfWord(position)
          position = word(position, end)
        } else if let at = userinfo(position) {
          replace(position + 3, at)
          position = at
        } else {
          position += 1
        }
      }
      guard changed else { return nil }
      output += bytes[copied...]
      return output
    }

    /// Looks at one word and what follows it; returns where to go on.
    private mutating func word(_ start: Int, _ end: Int) -> Int {
      let length = end - start
      if isToken(start, end) {
        replace(start, end)
        return end
      }
      if (length == 6 && equals(start, "bearer")) || (length == 5 && equals(start, "basic")),
        end < bytes.count, bytes[end] == 0x20
      {
        let value = skipSpaces(end)
        let stop = endOfValue(value)
        if isCredential(value, stop) {
          replace(value, stop)
          return stop
        }
        return end
      }
      guard length >= 3, length <= 256, let value = valueStart(end) else { return end }
      guard isSecretName(UnsafeBufferPointer(rebasing: bytes[start..<end])) else { return end }
      let wholeLine = ends(start, end, "cookie") || ends(start, end, "authorization")
      let stop = wholeLine && bytes[value - 1] != 0x22 ? endOfLine(value) : endOfValue(value)
      if stop > value { replace(value, stop) }
      return max(stop, end)
    }

    /// Where the value begins when `=`, `:` or `%3d` follows a name, past quotes and spaces.
    private func valueStart(_ end: Int) -> Int? {
      var index = end
      if index < bytes.count, isQuote(bytes[index]) { index += 1 }
      index = skipSpaces(index)
      if index < bytes.count, bytes[index] == 0x3d || bytes[index] == 0x3a {
        index += 1
      } else if index + 3 <= bytes.count, bytes[index] == 0x25, bytes[index + 1] == 0x33,
        bytes[index + 2] | 0x20 == 0x64
      {
        index += 3
      } else {
        return nil
      }
      index = skipSpaces(index)
      if index < bytes.count, isQuote(bytes[index]) { index += 1 }
      return index
    }

    /// The `@` of `://user:password@`, from its `:`.
    private func userinfo(_ position: Int) -> Int? {
      guard position + 3 < bytes.count, bytes[position] == 0x3a, bytes[position + 1] == 0x2f,
        bytes[position + 2] == 0x2f
      else { return nil }
      var index = position + 3
      var colon = false
      while index < bytes.count, bytes[index] > 0x20, bytes[index] != 0x2f, bytes[index] != 0x3f {
        if bytes[index] == 0x3a { colon = true }
        if bytes[index] == 0x40 { return colon ? index : nil }
        index += 1
      }
      return nil
    }

    private mutating func replace(_ start: Int, _ end: Int) {
      output += bytes[copied..<start]
      output += Array(Redactor.mark.utf8)
      copied = end
      changed = true
    }

    private func isWord(_ byte: UInt8) -> Bool {
      switch byte {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f: true
      default: false
      }
    }

    private func isQuote(_ byte: UInt8) -> Bool { byte == 0x22 || byte == 0x27 }

    private func skipSpaces(_ start: Int) -> Int {
      var index = start
      while index < bytes.count, bytes[index] == 0x20 || bytes[index] == 0x09 { index += 1 }
      return index
    }

    private func endOfWord(_ start: Int) -> Int {
      var index = start
      while index < bytes.count, isWord(bytes[index]) { index += 1 }
      return index
    }

    private func endOfLine(_ start: Int) -> Int {
      var index = start
      while index < bytes.count, bytes[index] != 0x0a, bytes[index] != 0x0d { index += 1 }
      return index
    }

    private func endOfValue(_ start: Int) -> Int {
      var index = start
      loop: while index < bytes.count {
        switch bytes[index] {
        case ...0x20, 0x22, 0x26, 0x27, 0x2c, 0x3b, 0x3c, 0x3e, 0x5d, 0x60, 0x7d: break loop
        default: index += 1
        }
      }
      return index
    }

    /// Credentials rather than the next word of a sentence: long, or with a digit or padding.
    private func isCredential(_ start: Int, _ end: Int) -> Bool {
      guard end - start >= 6 else { return false }
      return end - start >= 20 || bytes[start..<end].contains { (0x30...0x39).contains($0) || $0 == 0x3d }
    }

    /// A JSON web token: `eyJ`, and three parts of base64url.
    private func isToken(_ start: Int, _ end: Int) -> Bool {
      guard end - start >= 24, bytes[start] == 0x65, bytes[start + 1] == 0x79, bytes[start + 2] == 0x4a
      else { return false }
      return bytes[start..<end].contains(0x2e)
    }

    private func ends(_ start: Int, _ end: Int, _ lowered: StaticString) -> Bool {
      end - start >= lowered.utf8CodeUnitCount && equals(end - lowered.utf8CodeUnitCount, lowered)
    }

    private func equals(_ start: Int, _ lowered: StaticString) -> Bool {
      let word = UnsafeBufferPointer(start: lowered.utf8Start, count: lowered.utf8CodeUnitCount)
      return (0..<word.count).allSatisfy { bytes[start + $0] | 0x20 == word[$0] }
    }
  }
}
