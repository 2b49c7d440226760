import CHyperscan
import Glibc

/// A Hyperscan database that could not be had.
package struct HyperscanError: Error, Sendable, Equatable, CustomStringConvertible {
  package let message: String

  package var description: String { "pattern database: \(message)" }
}

/// One Hyperscan database for each pattern of a prefilter: what the prefilter leaves over in long values is searched
/// with these, at about 0.2 ns a byte each, before PCRE2 is asked.
///
/// Compiling takes seconds for a large rule set; ``serialized()`` gives bytes that ``init(serialized:patterns:)``
/// takes in milliseconds. Keep them under ``cacheKey(for:)``.
// invariant: the databases are written by init alone and freed by deinit; Hyperscan only reads them.
package final class HyperscanDatabase: @unchecked Sendable {
  enum Answer {
    case match, noMatch
    /// The library failed.
    case unknown
  }

  /// For each pattern its database; nil for what Hyperscan can't compile.
  private var databases: [OpaquePointer?]
  /// The patterns that have one.
  private(set) var compiled = CandidateSet(capacity: 0)
  private let key: String

  private static let formatVersion: UInt8 = 2
  private static let magic: [UInt8] = Array("SLHS".utf8)
  private static let patternLimit = 16_384
  private static let literalLimit = 16_384

  var patternCount: Int { databases.count }

  /// How many patterns have a database.
  package var count: Int { compiled.count }

  /// Compiles `patterns`.
  package init(compiling patterns: [PrefilterPattern]) throws(HyperscanError) {
    if let refusal = HyperscanLibrary.refusal { throw HyperscanError(message: refusal) }
    key = Self.cacheKey(for: patterns)
    databases = patterns.map { pattern in
      switch pattern {
      case .regex(let bytes): Self.compile(bytes)
      case .literals(let literals): Self.compile(literals)
      case .always: nil
      }
    }
    noteCompiled()
  }

  private func noteCompiled() {
    compiled = CandidateSet(capacity: databases.count)
    for index in databases.indices where databases[index] != nil { compiled.insert(index) }
  }

  /// Takes what ``serialized()`` gave, where it was made by the same library on a like processor for the same
  /// patterns and is whole.
  package init(serialized bytes: [UInt8], patterns: [PrefilterPattern]) throws(HyperscanError) {
    if let refusal = HyperscanLibrary.refusal { throw HyperscanError(message: refusal) }
    key = Self.cacheKey(for: patterns)
    databases = []
    let header = Self.magic + [Self.formatVersion] + Array(key.utf8)
    guard bytes.starts(with: header), bytes.count >= header.count + 8 else {
      throw HyperscanError(message: "the saved database is of other patterns, another library or another processor")
    }
    let end = bytes.count - 8
    guard Self.number(bytes[end...], bytes: 8) == FNV.hash(bytes[..<end]) else {
      throw HyperscanError(message: "the saved database is damaged")
    }
    var position = header.count
    while position < end {
      guard end - position >= 4 else { throw HyperscanError(message: "the saved database is cut off") }
      let length = Int(Self.number(bytes[position..<position + 4], bytes: 4))
      position += 4
      guard length <= end - position else { throw HyperscanError(message: "the saved database is cut off") }
      var database: OpaquePointer?
      if length > 0 {
        // invariant: Hyperscan reads `length` bytes inside the closure and checks them.
        let status = bytes[position..<position + length].withUnsafeBytes {
          hs_deserialize_database($0.baseAddress, length, &database)
        }
        guard status == HS_SUCCESS else { throw HyperscanError(message: "the saved database is refused (\(status))") }
      }
      databases.append(database)
      position += length
    }
    guard databases.count == patterns.count else { throw HyperscanError(message: "the saved database is cut off") }
    noteCompiled()
  }

  deinit {
    for database in databases { hs_free_database(database) }
  }

  /// The databases as bytes.
  package func serialized() throws(HyperscanError) -> [UInt8] {
    var result = Self.magic + [Self.formatVersion] + Array(key.utf8)
    for database in databases {
      guard let database else {
        Self.append(0, bytes: 4, to: &result)
        continue
      }
      var text: UnsafeMutablePointer<CChar>?
      var length = 0
      // invariant: Hyperscan allocates `length` bytes, which are copied and freed here.
      guard hs_serialize_database(database, &text, &length) == HS_SUCCESS, let text, let size = UInt32(exactly: length)
      else { throw HyperscanError(message: "hyperscan can't save the database") }
      Self.append(UInt64(size), bytes: 4, to: &result)
      result.append(contentsOf: UnsafeRawBufferPointer(start: text, count: length))
      free(text)
    }
    Self.append(FNV.hash(result[...]), bytes: 8, to: &result)
    return result
  }

  /// A name for the saved database: it differs where the patterns, the library, the processor or the format do.
  package static func cacheKey(for patterns: [PrefilterPattern]) -> String {
    var platform = hs_platform_info_t()
    _ = hs_populate_platform(&platform)
    var text = Array("\(formatVersion) \(HyperscanLibrary.version) \(platform.tune) \(platform.cpu_features) ".utf8)
    text += Array("\(flags)".utf8)
    for pattern in patterns {
      let (kind, parts): (Character, [[UInt8]]) =
        switch pattern {
        case .regex(let bytes): ("r", [bytes])
        case .literals(let literals): ("l", literals)
        case .always: ("a", [])
        }
      text += kind.utf8
      append(UInt64(parts.count), bytes: 8, to: &text)
      for part in parts {
        append(UInt64(part.count), bytes: 8, to: &text)
        text += part
      }
    }
    let digits = Array("0123456789abcdef".utf8)
    var result: [UInt8] = []
    for seed: UInt64 in [0, 0x9e37_79b9_7f4a_7c15] {
      let hash = FNV.hash(text[...], seed: seed)
      for shift in stride(from: 60, through: 0, by: -4) {
        result.append(digits[Int(truncatingIfNeeded: hash >> UInt64(shift)) & 15])
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  // MARK: Searching

  /// Whether pattern `index` may match `value`. Exact but for patterns that Hyperscan only approximates and for
  /// failures, which answer true.
  func mayMatch(_ index: Int, _ value: Span<UInt8>, _ scratch: OpaquePointer) -> Bool {
    guard let database = databases[index] else { return true }
    return Self.scan(database, value, scratch) != .noMatch
  }

  /// Makes `scratch` large enough for all databases. False where there is no memory.
  func prepare(_ scratch: inout OpaquePointer?) -> Bool {
    for database in databases {
      if let database, hs_alloc_scratch(database, &scratch) != HS_SUCCESS { return false }
    }
    return scratch != nil
  }

  static func scan(_ database: OpaquePointer, _ value: Span<UInt8>, _ scratch: OpaquePointer) -> Answer {
    guard let length = UInt32(exactly: value.count) else { return .unknown }
    // invariant: Hyperscan reads `length` bytes inside the closure; the callback stops it at the first match.
    let status = value.withUnsafeBytes { bytes in
      hs_scan(
        database, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), length, 0, scratch, { _, _, _, _, _ in 1 },
        nil)
    }
    switch status {
    case HS_SCAN_TERMINATED: return .match
    case HS_SUCCESS: return .noMatch
    default: return .unknown
    }
  }

  // MARK: Building

  private static let flags = UInt32(HS_FLAG_DOTALL | HS_FLAG_MULTILINE | HS_FLAG_SINGLEMATCH | HS_FLAG_ALLOWEMPTY)

  /// Nil for what Hyperscan can't take.
  static func compile(_ pattern: [UInt8]) -> OpaquePointer? {
    // Verbs and modes (`(*UTF)`) change what bytes mean.
    let hasVerb = zip(pattern, pattern.dropFirst()).contains { $0 == UInt8(ascii: "(") && $1 == UInt8(ascii: "*") }
    guard pattern.count <= patternLimit, !pattern.contains(0), !hasVerb else { return nil }
    var isTooLarge = false
    if let database = compile(pattern, flags, &isTooLarge) { return database }
    return isTooLarge ? nil : compile(pattern, flags | UInt32(HS_FLAG_PREFILTER), &isTooLarge)
  }

  private static func compile(_ pattern: [UInt8], _ flags: UInt32, _ isTooLarge: inout Bool) -> OpaquePointer? {
    var database: OpaquePointer?
    // invariant: Hyperscan fills and owns what this points to, until it is freed here.
    var failure: UnsafeMutablePointer<hs_compile_error_t>?
    let text = pattern.map { CChar(bitPattern: $0) } + [0]
    guard hs_compile(text, flags, UInt32(HS_MODE_BLOCK), nil, &database, &failure) == HS_SUCCESS else {
      if let message = failure?.pointee.message { isTooLarge = String(cString: message).contains("too large") }
      hs_free_compile_error(failure)
      return nil
    }
    return database
  }

  /// Any of some literals, in any letter case.
  static func compile(_ literals: [[UInt8]]) -> OpaquePointer? {
    let wanted = literals.filter { !$0.isEmpty }
    guard !wanted.isEmpty, wanted.count <= literalLimit, wanted.allSatisfy({ $0.count <= patternLimit }) else {
      return nil
    }
    var bytes: [CChar] = []
    for literal in wanted { bytes += literal.map { CChar(bitPattern: $0) } }
    let flags = [UInt32](repeating: UInt32(HS_FLAG_CASELESS), count: wanted.count)
    let ids = [UInt32](repeating: 0, count: wanted.count)
    let lengths = wanted.map(\.count)
    var database: OpaquePointer?
    // invariant: each pointer stays inside `bytes`, at the start of its literal; Hyperscan reads the arrays inside the
    // closures and fills and owns what `failure` points to, until it is freed here.
    bytes.withUnsafeBufferPointer { buffer in
      guard var start = buffer.baseAddress else { return }
      var starts: [UnsafePointer<CChar>?] = []
      for length in lengths {
        starts.append(start)
        start += length
      }
      var failure: UnsafeMutablePointer<hs_compile_error_t>?
      let status = hs_compile_lit_multi(
        &starts, flags, ids, lengths, UInt32(wanted.count), UInt32(HS_MODE_BLOCK), nil, &database, &failure)
      if status != HS_SUCCESS {
        hs_free_compile_error(failure)
        database = nil
      }
    }
    return database
  }

  private static func append(_ number: UInt64, bytes: Int, to result: inout [UInt8]) {
    for index in 0..<bytes { result.append(UInt8(truncatingIfNeeded: number >> UInt64(index * 8))) }
  }

  private static func number(_ slice: ArraySlice<UInt8>, bytes: Int) -> UInt64 {
    var number: UInt64 = 0
    for (index, byte) in slice.prefix(bytes).enumerated() { number |= UInt64(byte) << UInt64(index * 8) }
    return number
  }
}

/// The hash FNV-1a in 64 bits: it finds damage, not forgery.
private enum FNV {
  static func hash(_ bytes: ArraySlice<UInt8>, seed: UInt64 = 0) -> UInt64 {
    var hash = 0xcbf2_9ce4_8422_2325 ^ seed
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return hash
  }
}
