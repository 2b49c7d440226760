import SluiceModel
import Testing

import SluiceConfig

@Suite struct ScalarTests {
  private func limits(_ keys: String, environment: [String: String] = [:]) throws -> ListenerLimits {
    try load(listener("limits: { \(keys) }"), environment: environment).configuration.listeners[0].limits
  }

  private func error(_ keys: String) -> String { errors(listener("limits: { \(keys) }")).joined(separator: "\n") }

  @Test(arguments: [
    ("500ms", Duration.milliseconds(500)), ("10s", .seconds(10)), ("5m", .seconds(300)), ("1h", .seconds(3_600)),
    ("7d", .seconds(604_800)),
  ])
  func durations(_ text: String, _ duration: Duration) throws {
    #expect(try limits("idleTimeout: \(text)").idleTimeout == duration)
    #expect(TimeSpan.text(TimeSpan.milliseconds(duration)) == text)
  }

  @Test(arguments: [
    ("500B", 500), ("32KiB", 32_768), ("10MB", 10_000_000), ("1GiB", 1 << 30), ("2kB", 2_000), ("1TiB", 1 << 40),
    ("0B", 0), ("3GB", 3_000_000_000),
  ])
  func sizes(_ text: String, _ bytes: Int) throws {
    #expect(try limits("requestBody: \(text)").requestBodyBytes == bytes)
    #expect(Size.text(bytes) == text)
  }

  @Test func wordsForSpecialValues() throws {
    let read = try limits(
      "requestBody: unlimited, requestsPerConnection: unlimited, minimumBodyRate: off, minimumReplyRate: 2KB/s")
    #expect(read.requestBodyBytes == .max)
    #expect(read.requestsPerConnection == .max)
    #expect(read.minimumBodyRate == 0)
    #expect(read.minimumReplyRate == 2_000)
    #expect(try load("runtime: { loops: 4 }").configuration.runtime.loops == 4)
    #expect(try load("runtime: { loops: auto }").configuration.runtime.loops == nil)
  }

  @Test(arguments: [
    ("headerTimeout: 30", "duration `30` has no unit\n  hint: write `30s`"),
    ("headerTimeout: 0s", "duration `0s` is out of range\n  hint: write one from `100ms` to `1h`"),
    ("headerTimeout: 99999999999999999999999d", "is out of range"),
    ("headerTimeout: 9223372036854775807d", "is out of range"),
    (
      "headerTimeout: 1.5s",
      "`1.5s` is no duration\n  hint: write a whole number and one of `ms`, `s`, `m`, `h` or `d`: `1500ms`"
    ),
    ("headerTimeout: -5s", "`-5s` is no duration"),
    ("headerTimeout: [1s]", "expected a duration, found a list"),
    ("headerTimeout: ~", "`headerTimeout` has no value\n  hint: remove the key, or give it a duration"),
    ("requestBody: 100", "size `100` has no unit\n  hint: write `100B`"),
    ("requestBody: 100XB", "`100XB` is no size"),
    ("requestBody: 99999999999TiB", "size `99999999999TiB` is out of range\n  hint: write one from `0B` to `16TiB`"),
    ("minimumBodyRate: 500", "rate `500` has no unit of time\n  hint: write `500B/s`"),
    ("minimumBodyRate: 500B", "rate `500B` has no unit of time\n  hint: write `500B/s`"),
    ("minimumBodyRate: fast/s", "`fast/s` is no rate"),
    ("connections: 0", "`0` is out of range\n  hint: write a number from 1 to 1000000"),
    ("connections: 99999999999999999999999999", "is out of range"),
    ("connections: 1e3", "`1e3` is no whole number\n  hint: write a number from 1 to 1000000"),
    ("connections: 0x10", "`0x10` is no whole number"),
    ("connections: \"\"", "`` is no whole number"),
  ])
  func wrongQuantities(_ keys: String, _ message: String) {
    #expect(error(keys).contains(message), "\(error(keys))")
  }

  @Test func positionIsThatOfTheValue() {
    #expect(
      errors("runtime:\n  drainTimeout: 30\n") == [
        "sluice.yaml:2:17: duration `30` has no unit\n  hint: write `30s`"
      ])
  }

  @Test func booleansAreTrueAndFalse() throws {
    #expect(try load(listener("underscoresInHeaders: true")).configuration.listeners[0].underscoresInHeaders)
    #expect(
      errors(listener("underscoresInHeaders: yes")) == [
        "sluice.yaml:2:79: `yes` is neither `true` nor `false`"
      ])
  }

  @Test func addresses() throws {
    func address(_ text: String) -> String {
      let text = "listeners: [{ name: t, address: \"\(text)\", protocol: http }]\nroutes: [{ name: r, respond: {} }]"
      do throws(ConfigurationErrors) {
        return try load(text).configuration.listeners[0].address.description
      } catch {
        return error.issues.map { $0.message + ($0.hint.map { " / " + $0 } ?? "") }.joined()
      }
    }
    #expect(address("127.0.0.1:80") == "127.0.0.1:80")
    #expect(address("[::1]:80") == "[::1]:80")
    #expect(address("unix:run/x.sock") == "unix:run/x.sock")
    #expect(address("127.0.0.1:0") == "127.0.0.1:0")
    #expect(address("127.0.0.1") == "address `127.0.0.1` has no port / write `ADDRESS:PORT` or `unix:PATH`")
    #expect(address("127.0.0.1:65536") == "`65536` is no port / write a number from 0 to 65535")
    #expect(address("127.0.0.1:") == "`` is no port / write a number from 0 to 65535")
    #expect(address("127.0.0.1:+1") == "`+1` is no port / write a number from 0 to 65535")
    #expect(address("localhost:80") == "`localhost` is no IP address / write `127.0.0.1:80`")
    #expect(address("*:80") == "`*` is no IP address / write `0.0.0.0:80`, or `[::]:80` for IPv6")
    #expect(address("::1:80") == "`::1` is no IP address / write an IPv6 address in brackets: `[::1]:80`")
    #expect(address("[127.0.0.1]:80").hasPrefix("`[127.0.0.1]` is no IP address"))
    #expect(address("plc.example:502").contains("names are not resolved"))
    #expect(address("unix:").hasPrefix("`unix:` names no socket"))
    #expect(address("unix:" + String(repeating: "x", count: 108)).contains("longer than the system's 107 bytes"))
  }

  @Test func numbersAndRanges() throws {
    func rules(_ keys: String) throws -> OperationRule {
      guard case .operations(let filter)? = try load(rule(keys)).configuration.listeners[0].filters.first else {
        return OperationRule()
      }
      return filter.allow[0]
    }
    #expect(try rules("units: 1").units == [1...1])
    #expect(try rules("units: [1, 3-5]").units == [1...1, 3...5])
    #expect(try rules("addresses: 100-119").addresses == [100...119])
    #expect(try rules("functions: [1-4, 6, 3]").functions == [1, 2, 3, 4, 6])
    #expect(try rules("values: [5, 10-20]").values == [5...5, 10...20])
    #expect(try rules("values: -5-10").values == [0...10, 65_531...65_535])
    #expect(try rules("values: -10--5").values == [65_526...65_531])
    #expect(try rules("values: -1").values == [65_535...65_535])
    #expect(try rules("values: [-5-10, 40000]").values == [0...10, 65_531...65_535, 40_000...40_000])
  }

  @Test(arguments: [
    ("units: 256", "`256` is out of range\n  hint: write a number from 0 to 255"),
    ("functions: 0", "`0` is out of range\n  hint: write a number from 1 to 127"),
    ("functions: 128", "`128` is out of range"),
    ("addresses: 0-65536", "`0-65536` is out of range\n  hint: write a number from 0 to 65535"),
    ("addresses: -1", "`-1` is out of range"),
    ("addresses: 20-10", "`20-10` ends before it begins\n  hint: write `10-20`"),
    ("addresses: 1-2-3", "`1-2-3` is no whole number or range\n  hint: write `6` or `100-119`"),
    ("addresses: 5-", "is no whole number or range"),
    ("addresses: []", "an empty list"),
    ("values: -5-40000", "a range that begins below zero is of signed values and ends at most at 32767"),
    ("values: -99999999999999999999-1", "is out of range"),
    ("units: [[1]]", "expected a number or a range, found a list"),
    ("classes: [reed]", "unknown value `reed`\n  hint: did you mean `read`?"),
    ("", "an operation rule needs one of `units`, `classes`, `functions`, `addresses` or `values`"),
  ])
  func wrongRules(_ keys: String, _ message: String) {
    let found = errors(rule(keys)).joined(separator: "\n")
    #expect(found.contains(message), "\(found)")
  }
}
