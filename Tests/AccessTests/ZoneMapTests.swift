import Access
import SluiceModel
import Testing

@Suite struct ZoneMapTests {
  private func range(_ text: String) throws -> AddressRange { try #require(AddressRange(text)) }
  private func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

  @Test func theLongestPrefixDecides() throws {
    let map = ZoneMap([
      (try range("10.0.0.0/8"), 0), (try range("10.0.5.0/24"), 1), (try range("10.0.5.7"), 2),
      (try range("10.0.0.0/16"), 3), (try range("2001:db8::/32"), 4), (try range("2001:db8:0:1::/64"), 0),
    ])
    let expected: [(String, Int?)] = [
      ("10.0.5.6", 1), ("10.0.5.7", 2), ("10.0.5.8", 1), ("10.0.5.255", 1), ("10.0.6.0", 3), ("10.0.255.255", 3),
      ("10.1.0.0", 0), ("10.255.255.255", 0), ("11.0.0.0", nil), ("9.255.255.255", nil), ("2001:db8::1", 4),
      ("2001:db8:0:1::5", 0), ("2001:db8:0:2::", 4), ("2001:db9::", nil), ("::1", nil),
    ]
    for (text, zone) in expected { #expect(map.zone(of: try address(text)) == zone, "\(text)") }
  }

  @Test func theEndsOfTheAddressSpaceAreNoTraps() throws {
    let map = ZoneMap([(try range("::/0"), 0), (try range("ffff::/16"), 1), (try range("0.0.0.0/0"), 2)])
    #expect(map.zone(of: IPAddress(high: .max, low: .max)) == 1)
    #expect(map.zone(of: IPAddress(high: 0, low: 0)) == 0)
    #expect(map.zone(of: try address("255.255.255.255")) == 2)
    #expect(map.zone(of: try address("1:2::")) == 0)
    #expect(ZoneMap([]).zone(of: IPAddress(v4: 7)) == nil)
  }

  /// Against a plain search, with the seed printed.
  @Test func itAgreesWithAPlainSearch() throws {
    let seed = UInt64.random(in: 0 ... .max)
    var state = seed
    func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state >> 33
    }
    for _ in 0..<200 {
      var networks: [(range: AddressRange, zone: Int)] = []
      for zone in 0..<12 {
        let bits = Int(next() % 9)
        let base = UInt32(truncatingIfNeeded: next() & 0xff) << 24 & (bits == 0 ? 0 : ~(UInt32.max >> UInt32(bits)))
        guard let range = AddressRange("\(IPAddress(v4: base))/\(bits)"),
          !networks.contains(where: { $0.range == range })
        else { continue }
        networks.append((range, zone))
      }
      let map = ZoneMap(networks)
      for byte in UInt32(0)...255 {
        let address = IPAddress(v4: byte << 24 | UInt32(truncatingIfNeeded: next() & 0xffff))
        let plain = networks.filter { $0.range.contains(address) }.max { $0.range.prefixBits < $1.range.prefixBits }
        #expect(map.zone(of: address) == plain?.zone, "seed \(seed)")
      }
    }
  }
}
