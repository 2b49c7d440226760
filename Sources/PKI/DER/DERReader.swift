/// Reads DER (X.690) elements in place, one level at a time: the caller says what it expects, so nothing recurses and
/// nothing is allocated.
package struct DERReader {
  /// One element: where it begins, its tag octet and where its content is.
  package struct Element {
    package var tag: UInt8
    package var start: Int
    package var content: Range<Int>

    /// Tag, length and content.
    package var whole: Range<Int> { start..<content.upperBound }
  }

  package enum Tag {
    package static let boolean: UInt8 = 0x01
    package static let integer: UInt8 = 0x02
    package static let bitString: UInt8 = 0x03
    package static let octetString: UInt8 = 0x04
    package static let null: UInt8 = 0x05
    package static let objectIdentifier: UInt8 = 0x06
    package static let enumerated: UInt8 = 0x0a
    package static let utf8String: UInt8 = 0x0c
    package static let utcTime: UInt8 = 0x17
    package static let generalizedTime: UInt8 = 0x18
    package static let sequence: UInt8 = 0x30
    package static let set: UInt8 = 0x31
    /// `[n]`, primitive.
    package static func context(_ number: UInt8) -> UInt8 { 0x80 | number }
    /// `[n]`, constructed.
    package static func constructed(_ number: UInt8) -> UInt8 { 0xa0 | number }
  }

  package let bytes: [UInt8]
  package private(set) var position: Int
  package let end: Int

  package init(_ bytes: [UInt8]) {
    self.bytes = bytes
    position = 0
    end = bytes.count
  }

  private init(_ bytes: [UInt8], _ range: Range<Int>) {
    self.bytes = bytes
    position = range.lowerBound
    end = range.upperBound
  }

  package var isAtEnd: Bool { position >= end }

  /// The tag of the next element; nil at the end.
  package var nextTag: UInt8? { position < end ? bytes[position] : nil }

  /// Reads one element of any tag.
  package mutating func next() throws(PKIError) -> Element {
    let start = position
    guard end - position >= 2 else { throw PKIError("the DER data ends in the middle, at byte \(position)") }
    let tag = bytes[position]
    guard tag & 0x1f != 0x1f else { throw PKIError("a DER tag of several bytes at byte \(start)") }
    let first = Int(bytes[position + 1])
    var offset = position + 2
    var length = first
    if first >= 0x80 {
      let count = first & 0x7f
      guard (1...4).contains(count), end - offset >= count else {
        throw PKIError("a DER length that can't be at byte \(start)")
      }
      length = 0
      for index in 0..<count { length = length << 8 | Int(bytes[offset + index]) }
      guard length >= 0x80, count == 1 || length >> ((count - 1) * 8) != 0 else {
        throw PKIError("a DER length that isn't the shortest at byte \(start)")
      }
      offset += count
    }
    guard length <= end - offset else { throw PKIError("the DER data ends in the middle, at byte \(start)") }
    position = offset + length
    return Element(tag: tag, start: start, content: offset..<position)
  }

  /// Reads one element that must have this tag.
  package mutating func next(_ tag: UInt8, _ what: String) throws(PKIError) -> Element {
    let start = position
    let element = try next()
    guard element.tag == tag else { throw PKIError("\(what) is missing at byte \(start)") }
    return element
  }

  /// Reads the next element if it has this tag.
  package mutating func nextIf(_ tag: UInt8) throws(PKIError) -> Element? {
    nextTag == tag ? try next() : nil
  }

  /// A reader of an element's content.
  package func inside(_ element: Element) -> DERReader { DERReader(bytes, element.content) }

  /// Reads one element with this tag and gives a reader of its content.
  package mutating func enter(_ tag: UInt8, _ what: String) throws(PKIError) -> DERReader {
    inside(try next(tag, what))
  }

  package func expectEnd(_ what: String) throws(PKIError) {
    guard isAtEnd else { throw PKIError("\(what) has bytes too many, at byte \(position)") }
  }

  /// Whether a range holds exactly these bytes.
  package func equals(_ range: Range<Int>, _ other: [UInt8]) -> Bool {
    range.count == other.count && bytes[range].elementsEqual(other)
  }

  package func copy(_ range: Range<Int>) -> [UInt8] { Array(bytes[range]) }
}

// MARK: Values

extension DERReader {
  /// A BOOLEAN, `TRUE` as 0xff alone.
  package mutating func boolean(_ tag: UInt8 = Tag.boolean) throws(PKIError) -> Bool {
    let element = try next(tag, "a boolean")
    guard element.content.count == 1, let value = bytes[element.content].first, value == 0 || value == 0xff else {
      throw PKIError("a boolean that isn't DER at byte \(element.start)")
    }
    return value == 0xff
  }

  /// The content of an INTEGER, checked to be the shortest.
  package mutating func integer(_ what: String) throws(PKIError) -> Range<Int> {
    let element = try next(Tag.integer, what)
    let content = element.content
    guard let first = bytes[content].first else { throw PKIError("\(what) is empty at byte \(element.start)") }
    if content.count > 1 {
      let second = bytes[content.lowerBound + 1]
      guard !(first == 0 && second < 0x80), !(first == 0xff && second >= 0x80) else {
        throw PKIError("\(what) isn't in its shortest form at byte \(element.start)")
      }
    }
    return content
  }

  /// A small INTEGER that isn't negative.
  package mutating func smallInteger(_ what: String) throws(PKIError) -> Int {
    let content = try integer(what)
    guard content.count <= 4, bytes[content.lowerBound] < 0x80 else { throw PKIError("\(what) is out of range") }
    return bytes[content].reduce(0) { $0 << 8 | Int($1) }
  }

  /// A serial number's octets without leading zeros; `[0]` for zero.
  package mutating func serialNumber() throws(PKIError) -> Range<Int> {
    var content = try integer("the serial number")
    if content.count > 1, bytes[content.lowerBound] == 0 { content = content.lowerBound + 1..<content.upperBound }
    guard content.count <= PKILimits.serialBytes else {
      throw PKIError("a serial number longer than \(PKILimits.serialBytes) octets")
    }
    return content
  }

  /// The content of a BIT STRING of whole octets.
  package mutating func octetsOfBits(_ what: String) throws(PKIError) -> Range<Int> {
    let element = try next(Tag.bitString, what)
    guard bytes[element.content].first == 0 else { throw PKIError("\(what) isn't whole octets") }
    return element.content.lowerBound + 1..<element.content.upperBound
  }

  /// The first 16 named bits of a BIT STRING, bit 0 as the lowest.
  package mutating func namedBits(_ what: String) throws(PKIError) -> UInt16 {
    let element = try next(Tag.bitString, what)
    guard let unused = bytes[element.content].first, unused < 8, element.content.count > 1 || unused == 0 else {
      throw PKIError("\(what) isn't a bit string")
    }
    var bits: UInt16 = 0
    for (index, octet) in bytes[element.content].dropFirst().prefix(2).enumerated() {
      for bit in 0..<8 where octet & (0x80 >> UInt8(bit)) != 0 { bits |= 1 << UInt16(index * 8 + bit) }
    }
    return bits
  }

  /// A UTCTime or GeneralizedTime as RFC 5280, 4.1.2.5 allows it, in seconds since the Unix epoch.
  package mutating func time(_ what: String) throws(PKIError) -> Int64 {
    let element = try next()
    let years: Int
    switch element.tag {
    case Tag.utcTime: years = 2
    case Tag.generalizedTime: years = 4
    default: throw PKIError("\(what) is missing at byte \(element.start)")
    }
    guard element.content.count == years + 11, bytes[element.content].last == UInt8(ascii: "Z") else {
      throw PKIError("\(what) isn't a time in seconds and UTC")
    }
    var digits = bytes[element.content].dropLast()
    func number(_ count: Int) throws(PKIError) -> Int {
      var value = 0
      for digit in digits.prefix(count) {
        guard (0x30...0x39).contains(digit) else { throw PKIError("\(what) has a letter among its digits") }
        value = value * 10 + Int(digit - 0x30)
      }
      digits = digits.dropFirst(count)
      return value
    }
    var year = try number(years)
    if years == 2 { year += year < 50 ? 2000 : 1900 }
    let (month, day) = (try number(2), try number(2))
    let (hour, minute, second) = (try number(2), try number(2), try number(2))
    guard let result = CivilTime.seconds(year, month, day, hour, minute, second) else {
      throw PKIError("\(what) is no date of the calendar")
    }
    return result
  }
}
