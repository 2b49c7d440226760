import Cedar
import Testing

@Suite struct IPNetworkTests {
  @Test(arguments: [
    ("0.0.0.0", "0.0.0.0"), ("10.1.2.3", "10.1.2.3"), ("255.255.255.255/32", "255.255.255.255"),
    ("10.0.0.1/8", "10.0.0.1/8"), ("1.2.3.4/0", "1.2.3.4/0"), ("::", "::"), ("::1", "::1"), ("1::", "1::"),
    ("0:0:0:0:0:0:0:1", "::1"), ("1:0:0:2:0:0:0:3", "1:0:0:2::3"), ("1:0:0:2:3:0:0:4", "1::2:3:0:0:4"),
    ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"), ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
    ("1:2:3::5:6:7:8", "1:2:3:0:5:6:7:8"),
    ("2001:DB8::00fF/64", "2001:db8::ff/64"), ("::ffff:102:304", "::ffff:102:304"), ("::/128", "::"), ("::/0", "::/0"),
    ("ABCD:EF01:2345:6789:ABCD:EF01:2345:6789/127", "abcd:ef01:2345:6789:abcd:ef01:2345:6789/127"),
  ])
  func reads(_ text: String, _ description: String) throws {
    let network = try IPNetwork(parsing: text)
    #expect(network.description == description)
    #expect(try IPNetwork(parsing: description) == network)
  }

  @Test(arguments: [
    "", "1", "1.2.3", "1.2.3.4.5", "1.2.3.", ".1.2.3", "1..2.3", "256.1.1.1", "01.2.3.4", "1.2.3.00", "1.2.3.4 ",
    " 1.2.3.4", "1.2.3.-4", "+1.2.3.4", "1.2.3.4/", "1.2.3.4/33", "1.2.3.4/08", "1.2.3.4/00", "1.2.3.4/+8",
    "1.2.3.4/ 8", "1.2.3.4/8/8", "1.2.3.4/256", "1.2.3.4:80", "1.2.3.4/a", "/8", ":", ":::", "::1::", "1::2::3", "1:2",
    "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "1:2:3:4:5:6:7::8",
    "::1:2:3:4:5:6:7:8",
    ":1:2:3:4:5:6:7:8", "1::2:", "00001::", "12345::", "g::", "::1%eth0", "[::1]", "::1/129", "::1/0128", "::1/010",
    "::/",
    "::1.2.3.4", "::ffff:1.2.3.4", "1:2:3:4:5:6:1.2.3.4", "1.2.3.4::", "::1\0", "1.2.3.\u{664}",
    "0000:0000:0000:0000:0000:0000:0000:0000:0000",
    "ABCD:EF01:2345:6789:ABCD:EF01:2345:6789/1280",
  ])
  func refuses(_ text: String) {
    #expect(throws: ExtensionError.self) { try IPNetwork(parsing: text) }
  }

  @Test func equalityComparesAddressPrefixAndFamily() throws {
    #expect(try IPNetwork(parsing: "1.2.3.4") == IPNetwork(parsing: "1.2.3.4/32"))
    #expect(try IPNetwork(parsing: "10.0.0.1/24") != IPNetwork(parsing: "10.0.0.2/24"))
    #expect(try IPNetwork(parsing: "0.0.0.1") != IPNetwork(parsing: "::1"))
  }

  @Test(arguments: [
    ("127.0.0.1", true), ("127.0.0.0/8", true), ("127.0.0.0/7", false), ("128.0.0.1", false), ("::1", true),
    ("::1/127", false), ("::2", false), ("::ffff:7f00:1", false), ("0.0.0.1", false),
  ])
  func loopback(_ text: String, _ isLoopback: Bool) throws {
    #expect(try IPNetwork(parsing: text).isLoopback == isLoopback)
  }

  @Test(arguments: [
    ("224.0.0.1", true), ("239.255.255.255", true), ("224.0.0.0/4", true), ("224.0.0.0/3", false), ("240.0.0.0", false),
    ("223.255.255.255", false), ("ff02::1", true), ("ff00::/8", true), ("ff00::/7", false), ("fe80::1", false),
  ])
  func multicast(_ text: String, _ isMulticast: Bool) throws {
    #expect(try IPNetwork(parsing: text).isMulticast == isMulticast)
  }

  @Test(arguments: [
    ("10.1.2.3", "10.0.0.0/8", true), ("10.0.0.0/8", "10.1.2.3", false), ("10.0.0.0/8", "10.0.0.0/8", true),
    ("10.0.0.0/7", "10.0.0.0/8", false), ("10.0.0.0/8", "11.255.255.255/7", true), ("1.2.3.4", "0.0.0.0/0", true),
    ("0.0.0.0/0", "255.0.0.0/0", true), ("1.2.3.4", "::/0", false), ("::1", "0.0.0.0/0", false), ("::1", "::/0", true),
    ("2001:db8::1", "2001:db8::/32", true), ("2001:db9::1", "2001:db8::/32", false), ("::1", "::1", true),
    ("::1", "::2", false),
  ])
  func ranges(_ network: String, _ range: String, _ isInRange: Bool) throws {
    #expect(try IPNetwork(parsing: network).isInRange(IPNetwork(parsing: range)) == isInRange)
  }

  @Test func families() throws {
    let (old, new) = (try IPNetwork(parsing: "1.2.3.4"), try IPNetwork(parsing: "::"))
    #expect(old.isV4 && !old.isV6 && !new.isV4 && new.isV6)
  }

  @Test func errorsSayWhy() throws {
    let prefix = try #require(throws: ExtensionError.self) { try IPNetwork(parsing: "10.0.0.0/33") }
    #expect(
      prefix.message == "`10.0.0.0/33` is no ipaddr: the prefix is a number from 0 to 32 without leading zeros")
    let other = try #require(throws: ExtensionError.self) { try IPNetwork(parsing: "localhost") }
    #expect(other.message == "`localhost` is no ipaddr")
    #expect(other.hint == "expected an address such as `10.0.0.1` or `fe80::1`, or a range such as `10.0.0.0/8`")
  }
}
