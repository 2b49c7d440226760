import FoundationEssentials
import SecLang

/// What the tests of body processors share.
enum BodyTest {
  /// One byte for each scalar up to U+00FF.
  static func bytes(_ text: String) -> [UInt8] { text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) } }

  static func text(_ bytes: some Sequence<UInt8>) -> String {
    var text = ""
    for byte in bytes { text.unicodeScalars.append(Unicode.Scalar(byte)) }
    return text
  }

  /// `name=value` of each field, one byte a character.
  static func list(_ store: FieldStore) -> [String] {
    store.fields.map { text(store.bytes[$0.name]) + "=" + text(store.bytes[$0.value]) }
  }

  /// The seed of a test's random choices: `SLUICE_SEED`, or the same each time.
  static func seed(_ part: Int) -> UInt64 {
    ProcessInfo.processInfo.environment["SLUICE_SEED"].flatMap { UInt64($0) } ?? 0x5ec1_a06b_0d1e_5000 &+ UInt64(part)
  }

  /// The bytes in pieces: one, single bytes, or random.
  static func pieces(_ bytes: [UInt8], using random: inout BodyRandom) -> [[UInt8]] {
    var pieces: [[UInt8]] = []
    var start = 0
    let longest = random.next(below: 3) == 0 ? 3 : max(4, bytes.count)
    while start < bytes.count {
      let end = min(bytes.count, start + 1 + random.next(below: longest))
      pieces.append(Array(bytes[start..<end]))
      start = end
    }
    return pieces
  }

  static func single(_ bytes: [UInt8]) -> [[UInt8]] { bytes.map { [$0] } }
}

/// SplitMix64: small, and the same numbers for a seed everywhere.
struct BodyRandom {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ mixed &>> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed &>> 27) &* 0x94d0_49bb_1331_11eb
    return mixed ^ mixed &>> 31
  }

  mutating func next(below bound: Int) -> Int { bound > 0 ? Int(next() % UInt64(bound)) : 0 }

  /// Changes a few places: other bytes, lost and doubled ranges, pieces of the format put in.
  mutating func mutate(_ original: [UInt8], with tokens: [[UInt8]]) -> [UInt8] {
    var bytes = original
    for _ in 0...next(below: 4) where !bytes.isEmpty {
      let place = next(below: bytes.count)
      let end = min(bytes.count, place + 1 + next(below: 20))
      switch next(below: 6) {
      case 0: bytes[place] = UInt8(truncatingIfNeeded: next())
      case 1: bytes.removeSubrange(place..<end)
      case 2: bytes.insert(contentsOf: bytes[place..<end], at: next(below: bytes.count))
      case 3: bytes.removeSubrange(place...)
      default: bytes.insert(contentsOf: tokens[next(below: tokens.count)], at: place)
      }
    }
    return bytes
  }
}

/// All that a processor says of a body, to compare one way of cutting it with another.
struct BodyOutcome: Equatable, CustomStringConvertible {
  var lines: [String] = []

  var description: String { lines.joined(separator: " | ") }

  private mutating func add(_ name: String, _ store: FieldStore) {
    for field in BodyTest.list(store) { lines.append("\(name) \(field)") }
  }

  private mutating func add(_ error: BodyError?) {
    if let error { lines.append("error \(error.kind) \(error.message) \(error.offset)") }
  }

  static func urlencoded(_ pieces: [[UInt8]], _ limits: BodyLimits = BodyLimits()) -> BodyOutcome {
    var processor = URLEncodedProcessor(limits: limits)
    for piece in pieces { processor.received(piece.span) }
    processor.finished()
    var outcome = BodyOutcome()
    outcome.add("arg", processor.fields)
    outcome.add(processor.error)
    outcome.lines.append("invalid \(processor.invalidEncodings) omitted \(processor.omittedArguments)")
    return outcome
  }

  static func json(
    _ pieces: [[UInt8]], _ limits: BodyLimits = BodyLimits(), truncated: Bool = false
  ) -> BodyOutcome {
    var processor = JSONProcessor(limits: limits)
    for piece in pieces { processor.received(piece.span) }
    processor.finished(truncated: truncated)
    var outcome = BodyOutcome()
    outcome.add("arg", processor.fields)
    outcome.add(processor.error)
    outcome.lines.append("\(processor.outcome)")
    return outcome
  }

  static func multipart(
    _ pieces: [[UInt8]], type: String = "multipart/form-data; boundary=B", _ limits: BodyLimits = BodyLimits(),
    truncated: Bool = false
  ) -> BodyOutcome {
    var processor = MultipartProcessor(contentType: BodyTest.bytes(type).span, limits: limits)
    for piece in pieces { processor.received(piece.span) }
    processor.finished(truncated: truncated)
    var outcome = BodyOutcome()
    outcome.add("arg", processor.arguments)
    outcome.add("file", processor.files)
    outcome.add("content", processor.fileContents)
    outcome.add("header", processor.partHeaders)
    outcome.add("name", processor.names)
    outcome.add("filename", processor.filenames)
    outcome.add(processor.error)
    outcome.lines.append("sizes \(processor.fileSizes.map(\.bytes)) other \(processor.bytesOutsideFiles)")
    outcome.lines.append("\(processor.flags) omitted \(processor.omittedArguments) \(processor.isTruncated)")
    return outcome
  }

  static func xml(
    _ pieces: [[UInt8]], _ limits: BodyLimits = BodyLimits(), truncated: Bool = false
  ) -> BodyOutcome {
    var processor = XMLProcessor(limits: limits)
    for piece in pieces { processor.received(piece.span) }
    processor.finished(truncated: truncated)
    var outcome = BodyOutcome()
    outcome.add("attribute", processor.content.attributes)
    outcome.lines.append("text \(BodyTest.text(processor.content.text))")
    outcome.add(processor.error)
    outcome.lines.append("\(processor.isTruncated)")
    return outcome
  }
}
