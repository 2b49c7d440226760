/// Reads the regular files of a tar archive in memory: POSIX ustar and pax, and the long names and sizes of GNU. Links,
/// folders and devices are passed over; nothing is ever written.
package struct TarReader {
  /// Why an archive can't be read.
  package struct Problem: Error, Equatable, CustomStringConvertible {
    /// Where the header of the entry stands; nil when it is about the archive as a whole.
    package var offset: Int?
    package var message: String

    package var description: String { message + (offset.map { " (the entry at byte \($0))" } ?? "") }
  }

  package struct File: Equatable {
    package var name: String
    package var bytes: ArraySlice<UInt8>
  }

  private static let blockBytes = 512
  /// Entries of one archive, whatever they are.
  package static let maximumEntries = 1 << 20
  /// Bytes of a name, and of the extended header that may hold it.
  package static let maximumNameBytes = 4096
  private static let maximumHeaderBytes = 1 << 20

  private let bytes: [UInt8]
  private var offset = 0
  private var entries = 0
  /// What headers before an entry say of it.
  private var longName: String?
  private var longSize: Int?

  package init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Whether the first block is a header with a name and the right sum.
  package static func isTar(_ bytes: [UInt8]) -> Bool {
    bytes.count >= blockBytes && bytes.first != 0 && hasSum(bytes[..<blockBytes])
  }

  /// All regular files, in the order of the archive.
  package static func files(_ bytes: [UInt8]) throws(Problem) -> [File] {
    var reader = TarReader(bytes)
    var files: [File] = []
    while let file = try reader.next() { files.append(file) }
    return files
  }

  /// The next regular file; nil at the end of the archive.
  package mutating func next() throws(Problem) -> File? {
    while true {
      let start = offset
      guard bytes.count - offset >= Self.blockBytes else { throw problem("the archive has no end: it is cut off") }
      let header = bytes[offset..<(offset + Self.blockBytes)]
      if header.allSatisfy({ $0 == 0 }) { return nil }
      guard Self.hasSum(header) else { throw problem("the header is damaged: its sum is wrong") }
      entries += 1
      guard entries <= Self.maximumEntries else {
        throw problem("the archive has more than \(Self.maximumEntries) entries")
      }
      let data = try body(of: header)
      if let file = try take(header, data, at: start) { return file }
    }
  }

  private func problem(_ message: String, at start: Int? = nil) -> Problem {
    Problem(offset: start ?? offset, message: message)
  }

  /// The bytes of an entry; goes on to the next header.
  private mutating func body(of header: ArraySlice<UInt8>) throws(Problem) -> ArraySlice<UInt8> {
    let type = header[header.startIndex + 156]
    guard let stated = Self.number(Self.field(header, 124, 12)) else {
      throw problem("the size of the entry is no number")
    }
    // What extended headers say is of the entry that follows them.
    let size = Self.extendedTypes.contains(type) ? stated : longSize ?? stated
    let start = offset + Self.blockBytes
    guard size <= bytes.count - start else { throw problem("the entry is longer than the archive") }
    let padded = (size + Self.blockBytes - 1) / Self.blockBytes * Self.blockBytes
    offset = min(start + padded, bytes.count)
    return bytes[start..<(start + size)]
  }

  /// `x` and `g` of pax, `L` and `K` of GNU.
  private static let extendedTypes: Set<UInt8> = [0x78, 0x67, 0x4c, 0x4b]

  /// The file that an entry is; nil when it is something else.
  private mutating func take(
    _ header: ArraySlice<UInt8>, _ data: ArraySlice<UInt8>, at start: Int
  ) throws(Problem) -> File? {
    let type = header[header.startIndex + 156]
    if Self.extendedTypes.contains(type) {
      guard data.count <= Self.maximumHeaderBytes else { throw problem("the extended header is too long", at: start) }
      switch type {
      case 0x78: try readRecords(data, at: start)
      case 0x4c: longName = try name(data.prefix { $0 != 0 }, at: start)
      default: break
      }
      return nil
    }
    defer { (longName, longSize) = (nil, nil) }
    switch type {
    case 0x30, 0, 0x37:
      if let longName { return File(name: longName, bytes: data) }
      return File(name: try name(Self.name(header), at: start), bytes: data)
    case 0x53: throw problem("the entry is a sparse file, which can't be read", at: start)
    default: return nil
    }
  }

  /// Records of pax: `LENGTH KEY=VALUE` and a line feed, the length that of all of it.
  private mutating func readRecords(_ data: ArraySlice<UInt8>, at start: Int) throws(Problem) {
    var rest = data
    while !rest.isEmpty {
      let digits = rest.prefix { (0x30...0x39).contains($0) }
      guard (1...7).contains(digits.count), let length = Int(String(decoding: digits, as: UTF8.self)),
        length > digits.count + 2, length <= rest.count, rest[rest.startIndex + digits.count] == 0x20,
        rest[rest.startIndex + length - 1] == 0x0a
      else { throw problem("the extended header is malformed", at: start) }
      let record = rest[(rest.startIndex + digits.count + 1)..<(rest.startIndex + length - 1)]
      rest = rest[(rest.startIndex + length)...]
      guard let equals = record.firstIndex(of: 0x3d) else {
        throw problem("the extended header is malformed", at: start)
      }
      let value = record[(equals + 1)...]
      switch String(decoding: record[..<equals], as: UTF8.self) {
      case "path": longName = try name(value, at: start)
      case "size":
        guard let size = Int(String(decoding: value, as: UTF8.self)), size >= 0 else {
          throw problem("the size of the entry is no number", at: start)
        }
        longSize = size
      case "GNU.sparse.major", "GNU.sparse.map", "GNU.sparse.realsize", "GNU.sparse.size":
        throw problem("the entry is a sparse file, which can't be read", at: start)
      default: break
      }
    }
  }

  private func name(_ bytes: some Collection<UInt8>, at start: Int) throws(Problem) -> String {
    guard !bytes.isEmpty, bytes.count <= Self.maximumNameBytes, !bytes.contains(0),
      let name = String(validating: bytes, as: UTF8.self)
    else { throw problem("the name of the entry is no path", at: start) }
    return name
  }

  /// The name as the header has it; POSIX splits long ones in two.
  private static func name(_ header: ArraySlice<UInt8>) -> [UInt8] {
    let name = Array(field(header, 0, 100).prefix { $0 != 0 })
    guard field(header, 257, 6).elementsEqual(Array("ustar\0".utf8)) else { return name }
    let prefix = Array(field(header, 345, 155).prefix { $0 != 0 })
    return prefix.isEmpty ? name : prefix + [0x2f] + name
  }

  private static func field(_ header: ArraySlice<UInt8>, _ start: Int, _ count: Int) -> ArraySlice<UInt8> {
    header[(header.startIndex + start)..<(header.startIndex + start + count)]
  }

  /// Octal digits, or a number of GNU with the highest bit set.
  private static func number(_ field: ArraySlice<UInt8>) -> Int? {
    if let first = field.first, first & 0x80 != 0 {
      guard first == 0x80 else { return nil }
      var value = 0
      for byte in field.dropFirst() {
        guard value < 1 << 48 else { return nil }
        value = value << 8 | Int(byte)
      }
      return value
    }
    let digits = field.drop { $0 == 0x20 }.prefix { $0 != 0 && $0 != 0x20 }
    guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x37).contains($0) }) else { return nil }
    return digits.reduce(0) { $0 << 3 | Int($1 - 0x30) }
  }

  /// Whether the sum in the header is that of its bytes, those of the sum itself taken as blanks.
  private static func hasSum(_ header: ArraySlice<UInt8>) -> Bool {
    guard let stated = number(field(header, 148, 8)) else { return false }
    var sum = 8 * 0x20
    for (index, byte) in header.enumerated() where !(148..<156).contains(index) { sum += Int(byte) }
    return sum == stated
  }
}
