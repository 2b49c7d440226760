import Wire

/// A request head with the bytes that it was read from.
struct ParsedRequest {
  let bytes: [UInt8]
  let head: RequestHead

  /// - Returns: nil when the head is incomplete.
  init?(_ text: String, limits: HeadLimits = HeadLimits()) throws(HeadError) {
    let bytes = latin1(text)
    var head = RequestHead()
    guard try head.parse(bytes.span, limits: limits) else { return nil }
    self.bytes = bytes
    self.head = head
  }

  func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
  var target: String { text(head.targetRange) }
  var path: String { text(head.pathRange) }
  var host: String { text(head.hostRange) }
  var authority: String { text(head.authorityRange) }
  var asksForWebSocket: Bool { head.asksForWebSocket(bytes.span) }

  /// The index of the first field of this name from `start` on.
  func index(of name: String, from start: Int = 0) -> Int? {
    head.section.index(of: Array(name.utf8).span, in: bytes.span, from: start)
  }

  func copied(keeping kinds: [FieldKind] = [], underscores: Bool = true, edits: FieldEdits = FieldEdits()) -> String {
    var policy = FieldPolicy(keeping: kinds)
    policy.keepsUnderscores = underscores
    var out: [UInt8] = []
    head.section.copy(bytes.span, into: &out, policy: policy, edits: edits)
    return String(decoding: out, as: UTF8.self)
  }
}

/// A reply head with the bytes that it was read from.
struct ParsedReply {
  let bytes: [UInt8]
  let head: ReplyHead

  /// - Returns: nil when the head is incomplete.
  init?(_ text: String, limits: HeadLimits = HeadLimits()) throws(HeadError) {
    let bytes = latin1(text)
    var head = ReplyHead()
    guard try head.parse(bytes.span, limits: limits) else { return nil }
    self.bytes = bytes
    self.head = head
  }

  var reason: String { String(decoding: bytes[head.reasonRange], as: UTF8.self) }
}

/// One byte for each scalar up to U+00FF.
func latin1(_ text: String) -> [UInt8] { text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) } }

/// Why a request head is refused, or nil.
func refusal(_ text: String, limits: HeadLimits = HeadLimits()) -> HeadError.Reason? {
  do throws(HeadError) { _ = try ParsedRequest(text, limits: limits) } catch { return error.reason }
  return nil
}

/// A GET with these field lines.
func get(_ lines: String...) -> String {
  "GET / HTTP/1.1\r\nHost: h\r\n" + lines.map { $0 + "\r\n" }.joined() + "\r\n"
}

func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

/// SplitMix64: small, and the same numbers for a seed everywhere.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ mixed &>> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed &>> 27) &* 0x94d0_49bb_1331_11eb
    return mixed ^ mixed &>> 31
  }
}
