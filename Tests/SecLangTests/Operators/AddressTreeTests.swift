import Glibc
import SecLang
import Testing

@Suite struct AddressTreeTests {
  private func tree(_ text: String) throws -> AddressTree {
    let bytes = Array(text.utf8)
    return try AddressTree(parsing: bytes.span)
  }

  private func contains(_ tree: AddressTree, _ address: String) -> Bool {
    let bytes = Array(address.utf8)
    return tree.contains(addressText: bytes.span)
  }

  @Test func readsLists() throws {
    let tree = try tree("10.0.0.1, 192.168.0.77/24\t2001:db8::/32\n# nets\n172.16.0.0/12 # more\r\n::1,")
    for address in ["10.0.0.1", "192.168.0.255", "2001:db8:ffff::", "172.31.255.255", "::1", "::ffff:10.0.0.1"] {
      #expect(contains(tree, address), "\(address)")
    }
    for address in ["10.0.0.2", "192.168.1.0", "2001:db9::", "172.32.0.0", "::2", "::10.0.0.1", "", "10.0.0.1 ", "x"] {
      #expect(!contains(tree, address), "\(address)")
    }
    #expect(try self.tree(" # nothing\n").isEmpty)
  }

  @Test(arguments: ["0.0.0.0/0", "::/0"])
  func wholeSpaces(_ text: String) throws {
    let tree = try tree(text)
    #expect(contains(tree, "255.255.255.255") == text.contains("."))
    #expect(contains(tree, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff") == text.contains(":"))
  }

  @Test(arguments: [
    "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/255.0.0.0", "10.0.0", "10.0.0.256", "::/129", "1::2::3", ":::",
    "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "fe80::1%eth0", "010.0.0.1", "10.0.0.1/08x", "example", "::1.2.3",
    "10.0.0.1;2.2.2.2",
  ])
  func refusesWhatIsNoNetwork(_ text: String) {
    let error = #expect(throws: OperatorArgumentError.self) { try tree("1.1.1.1 " + text) }
    #expect(error?.message.contains("`\(text)`") == true)
  }

  /// Beside a list that is looked through.
  @Test func containsWhatOneNetworkContains() throws {
    var random = TransformationRandom()
    for _ in 0..<300 {
      var networks: [(first: UInt32, last: UInt32)] = []
      var text = ""
      for _ in 0..<Int.random(in: 0...12, using: &random) {
        let address = UInt32.random(in: 0...1023, using: &random) << 22 | UInt32.random(in: 0...7, using: &random)
        let length = UInt32.random(in: 0...32, using: &random)
        let hosts = UInt32.max >> length
        networks.append((address & ~hosts, address | hosts))
        text += "\(dotted(address))/\(length),"
      }
      let tree = try tree(text)
      for _ in 0..<60 {
        var address = UInt32.random(in: 0...UInt32.max, using: &random)
        if let network = networks.randomElement(using: &random) {
          address =
            [network.first, network.last, network.first &- 1, network.last &+ 1].randomElement(using: &random) ?? 0
        }
        let expected = networks.contains { $0.first <= address && address <= $0.last }
        #expect(contains(tree, dotted(address)) == expected, "seed \(random.seed): \(dotted(address)) in \(text)")
      }
    }
  }

  private func dotted(_ address: UInt32) -> String {
    (0..<4).map { String(address >> UInt32(24 - $0 * 8) & 0xff) }.joined(separator: ".")
  }

  /// Beside the C library, over texts that are nearly addresses.
  @Test func readsAddressesAsTheSystemDoes() {
    var random = TransformationRandom()
    let parts = [
      "0", "1", "255", "256", "01", ".", ".", ".", ":", ":", "::", "ffff", "10000", "a.", "1.2.3.4", "g", "%",
    ]
    for _ in 0..<50_000 {
      let text = (0..<Int.random(in: 0...15, using: &random)).map { _ in parts.randomElement(using: &random) ?? "" }
        .joined()
      var bytes = [UInt8](repeating: 0, count: 16)
      let value = Array(text.utf8)
      let number = AddressNumber(value.span)
      let expected: AddressNumber?
      if inet_pton(AF_INET, text, &bytes) == 1 {
        expected = .v4(bytes[0..<4].reduce(0) { $0 << 8 | UInt32($1) })
      } else if inet_pton(AF_INET6, text, &bytes) == 1 {
        expected = .v6(bytes.reduce(0) { $0 << 8 | UInt128($1) })
      } else {
        expected = nil
      }
      if number != expected { Issue.record("seed \(random.seed): `\(text)`") }
    }
  }
}
