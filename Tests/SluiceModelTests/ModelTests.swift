import SluiceModel
import Testing

@Suite struct ModelTests {
  @Test func idsAreUUIDVersion7() throws {
    let id = ExchangeID(unixMilliseconds: 0x0192_3456_789a, random: (.max, .max))
    #expect(id.description == "01923456-789a-7fff-bfff-ffffffffffff")
    #expect(id.unixMilliseconds == 0x0192_3456_789a)
    #expect(ExchangeID(id.description) == id)
    #expect(ExchangeID(id.description.uppercased()) == id)
    let text = id.text
    #expect((0..<36).map { text[$0] } == Array(id.description.utf8))
  }

  @Test(arguments: [
    "", "01923456", "01923456-789a-7fff-bfff-fffffffffffff", "01923456-789a-7fff-bfff_ffffffffffff",
    "g1923456-789a-7fff-bfff-ffffffffffff",
  ])
  func refusesWhatIsNoID(text: String) { #expect(ExchangeID(text) == nil) }

  @Test(arguments: [
    ("192.0.2.1", "192.0.2.1"), ("::", "::"), ("::1", "::1"), ("2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
    ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"), ("::ffff:192.0.2.1", "192.0.2.1"), ("fe80::", "fe80::"),
    ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"), ("0.0.0.0", "0.0.0.0"), ("10.0.5.7", "10.0.5.7"),
    ("255.255.255.255", "255.255.255.255"), ("1::", "1::"), ("2001:db8::1", "2001:db8::1"), ("1:0:0:2::", "1:0:0:2::"),
    ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"), ("0:1::", "0:1::"), ("fe80::a:0:0:1", "fe80::a:0:0:1"),
    ("1:0:0:2:0:0:0:3", "1:0:0:2::3"),
    ("ffff:eeee:dddd:cccc:bbbb:aaaa:9999:8888", "ffff:eeee:dddd:cccc:bbbb:aaaa:9999:8888"),
  ])
  func addressesHaveOneForm(text: String, canonical: String) throws {
    let address = try #require(IPAddress(text))
    #expect(address.description == canonical)
    #expect((0..<address.text.count).map { address.text.bytes[$0] } == Array(canonical.utf8))
  }

  @Test(arguments: [
    "", "1.2.3", "1.2.3.4.5", "01.2.3.4", "256.1.1.1", "1.2.3.-4", ":", ":::", "1::2::3", "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "12345::", "::%eth0", "1.2.3.4::", "1:2:3:4:5:6:7::8:9",
  ])
  func refusesWhatIsNoAddress(text: String) { #expect(IPAddress(text) == nil) }

  @Test func rangesContain() throws {
    let ten = try #require(AddressRange("10.0.0.0/8"))
    #expect(ten.contains(try #require(IPAddress("10.255.0.1"))))
    #expect(!ten.contains(try #require(IPAddress("11.0.0.1"))))
    #expect(!ten.contains(try #require(IPAddress("::1"))))
    let v6 = try #require(AddressRange("2001:db8::/33"))
    #expect(v6.contains(try #require(IPAddress("2001:db8:7fff::1"))))
    #expect(!v6.contains(try #require(IPAddress("2001:db8:8000::1"))))
    #expect(try #require(AddressRange("0.0.0.0/0")).contains(try #require(IPAddress("203.0.113.9"))))
    #expect(AddressRange("10.0.0.1/8") == nil)
    #expect(AddressRange("10.0.0.0/33") == nil)
    #expect(AddressRange("10.0.0.0/") == nil)
    #expect(ten.description == "10.0.0.0/8" && v6.description == "2001:db8::/33")
  }

  @Test func theStrictestVerdictStands() {
    var trace = DecisionTrace()
    let record = { (verdict: Verdict) in
      trace.record(Finding(source: "s", rule: "r", verdict: verdict, reason: ""))
    }
    record(.detect)
    #expect(trace.verdict == .detect)
    record(.block)
    record(.allow)
    #expect(trace.verdict == .block)
    for _ in 0..<200 { record(.challenge) }
    #expect(trace.verdict == .block && trace.findings.count == Limits.findingsPerExchange)
    trace.reset()
    #expect(trace == DecisionTrace())
  }

  @Test func secretsDoNotShow() {
    let secret = Secret("hunter2")
    #expect("\(secret)" == "<redacted>" && String(reflecting: secret) == "<redacted>")
    var dumped = ""
    dump(secret, to: &dumped)
    #expect(!dumped.contains("hunter2"))
    #expect(secret.reveal() == "hunter2")
  }

  @Test func findingsAreBounded() {
    let finding = Finding(
      source: "s", rule: "r", verdict: .block, reason: "", matched: String(repeating: "x", count: 10_000))
    #expect((finding.matched?.utf8.count ?? 0) <= Limits.matchedTextBytes + 3)
  }
}
