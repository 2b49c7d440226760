/// A TCP segment of a capture that carries data.
struct CapturedSegment {
  /// The packet's number in the capture, from 1.
  let number: Int
  let sourcePort: Int
  let destinationPort: Int
  let payload: [UInt8]
}

/// Reads classic pcap files with Ethernet, IPv4 and TCP: as much as the captures of the tests need.
enum PcapReader {
  enum Failure: Error {
    case notAPcap
    case linkType(UInt32)
  }

  static func segments(_ file: [UInt8]) throws -> [CapturedSegment] {
    guard file.count >= 24 else { throw Failure.notAPcap }
    let little: Bool
    switch Array(file[0..<4]) {
    case [0xD4, 0xC3, 0xB2, 0xA1], [0x4D, 0x3C, 0xB2, 0xA1]: little = true
    case [0xA1, 0xB2, 0xC3, 0xD4], [0xA1, 0xB2, 0x3C, 0x4D]: little = false
    default: throw Failure.notAPcap
    }
    func number(_ offset: Int) -> UInt32 {
      let bytes = file[offset..<offset + 4]
      return (little ? Array(bytes.reversed()) : Array(bytes)).reduce(0) { $0 << 8 | UInt32($1) }
    }
    guard number(20) == 1 else { throw Failure.linkType(number(20)) }
    var segments: [CapturedSegment] = []
    var offset = 24
    var packet = 0
    while offset + 16 <= file.count {
      let length = Int(number(offset + 8))
      offset += 16
      packet += 1
      guard offset + length <= file.count else { break }
      if let segment = segment(Array(file[offset..<offset + length]), packet) { segments.append(segment) }
      offset += length
    }
    return segments
  }

  private static func segment(_ packet: [UInt8], _ number: Int) -> CapturedSegment? {
    func word(_ offset: Int) -> Int { Int(packet[offset]) << 8 | Int(packet[offset + 1]) }
    guard packet.count >= 34, word(12) == 0x0800, packet[14] >> 4 == 4, packet[23] == 6 else { return nil }
    let tcp = 14 + Int(packet[14] & 15) * 4
    let end = min(14 + word(16), packet.count)
    guard tcp + 20 <= end else { return nil }
    let data = tcp + Int(packet[tcp + 12] >> 4) * 4
    guard data < end else { return nil }
    return CapturedSegment(
      number: number, sourcePort: word(tcp), destinationPort: word(tcp + 2), payload: Array(packet[data..<end]))
  }
}
