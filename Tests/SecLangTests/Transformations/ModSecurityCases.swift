import Foundation
import SecLang
import Testing

/// The cases for transformations and operators that ModSecurity and Coraza share, where they are there.
struct ModSecurityCase: Decodable {
  let param: String?
  let input: String
  let output: String?
  let ret: Int

  private static let folder: URL = {
    if let given = ProcessInfo.processInfo.environment["SLUICE_CONFORMANCE"] { return URL(filePath: given) }
    var root = URL(filePath: #filePath)
    for _ in 0..<4 { root.deleteLastPathComponent() }
    return root.deletingLastPathComponent().appending(path: "shared/conformance")
  }()

  static let isThere = FileManager.default.fileExists(atPath: folder.appending(path: "seclang").path())

  /// The cases of `seclang/transformations` or `seclang/operators`.
  static func read(_ kind: String, _ name: String) throws -> [ModSecurityCase] {
    let file = folder.appending(path: "seclang/\(kind)/\(name).json")
    return try JSONDecoder().decode([ModSecurityCase].self, from: try Data(contentsOf: file))
  }

  /// The names of the files of a folder.
  static func names(_ kind: String) -> [String] {
    let files = try? FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "seclang/\(kind)").path())
    return (files ?? []).filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }.sorted()
  }

  /// The bytes of a text of a case, in which `\xhh` and `\uhhhh` are bytes, read as ModSecurity's own test program
  /// does: as much of it as is a number counts, and what begins with no digit is the number before.
  static func bytes(_ text: String) -> [UInt8] {
    var bytes = Array(text.utf8)
    for (letter, digits) in [(UInt8(ascii: "x"), 2), (UInt8(ascii: "u"), 4)] {
      var number: UInt8 = 0
      var index = 0
      while index + digits + 1 < bytes.count {
        let end = index + 2 + digits
        let word = bytes[(index + 2)..<end]
        guard bytes[index] == UInt8(ascii: "\\"), bytes[index + 1] == letter, word.allSatisfy(isAlphanumeric) else {
          index += 1
          continue
        }
        let prefix = String(decoding: word.prefix { Character(Unicode.Scalar($0)).isHexDigit }, as: UTF8.self)
        if let value = Int(prefix, radix: 16) { number = UInt8(truncatingIfNeeded: value) }
        bytes.replaceSubrange(index..<end, with: [number])
        index = 0
      }
    }
    return bytes
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    let character = Character(Unicode.Scalar(byte))
    return character.isASCII && (character.isLetter || character.isNumber)
  }
}

/// Random bytes from a seed that `SLUICE_SEED` replays.
struct TransformationRandom: RandomNumberGenerator {
  let seed: UInt64
  private var state: UInt64

  init(part: UInt64 = 0) {
    seed =
      ProcessInfo.processInfo.environment["SLUICE_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0...UInt64.max)
    state = seed &+ part &* 0x9e37_79b9
  }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ mixed &>> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed &>> 27) &* 0x94d0_49bb_1331_11eb
    return mixed ^ mixed &>> 31
  }

  /// Up to `limit` bytes: of anything, or of what transformations look for.
  mutating func value(limit: Int = 48) -> [UInt8] {
    let count = Int.random(in: 0...limit, using: &self)
    if Int.random(in: 0..<8, using: &self) == 0 {
      return (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) }
    }
    var result: [UInt8] = []
    while result.count < count { result += Self.fragments.randomElement(using: &self) ?? [] }
    return result
  }

  private static let fragments: [[UInt8]] =
    [
      "a", "B", "z", "0", "7", "f", " ", "  ", "\t", "\r\n", "\u{b}", "+", "%", "%41", "%u0041", "%uff1c", "%zz", "&",
      "&lt;", "&#x3c;", "&#60", "&amp", "&nbsp;", ";", ",", "\\", "\\x41", "\\u0041", "\\101", "\\n", "\\3c ", "\"",
      "'", "^", "/", "//", "/./", "../", "..", ".", "(", "/*", "*/", "<!--", "-->", "--", "#", "0x41", "0X4", "[", "]",
      "=", "é", "€", "😀", "VGVz", "dA==", "-", "_", "*",
    ].map { Array($0.utf8) } + [[0], [0x80], [0xa0], [0xc0, 0xaf], [0xc2], [0xed, 0xa0, 0x80], [0xf5], [0xff]]
}

extension Transformation {
  /// What becomes of a value.
  func result(_ input: [UInt8], tables: TransformationTables = TransformationTables()) -> [UInt8] {
    var output: [UInt8] = []
    return apply(input.span, into: &output, tables: tables) ? output : input
  }

  func result(_ input: String) -> [UInt8] { result(Array(input.utf8)) }
}
