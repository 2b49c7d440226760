import SluiceConfig
import SluiceModel
import Synchronization
import Testing

/// The keys that policies need, and the files that they name.
@Suite struct AccessSectionTests {
  private let plant = """
    policies: [policies/*.cedar]
    entities: [entities/*.json]
    zones:
      - { name: site }
      - { name: packaging, purdue: 1, parent: site, networks: [10.0.5.0/24, "2001:db8::/32"] }
    listeners:
      - { name: web, address: "127.0.0.1:80", protocol: http, filters: [{ access: {} }] }
      - name: plc
        address: 127.0.0.1:502
        protocol: modbus
        asset: press-1
        filters: [{ access: { mode: detect, onPolicyError: skip } }]
    routes: [{ name: api, zone: packaging, respond: {} }]
    assets:
      - name: press-1
        protocol: modbus
        address: 127.0.0.1:503
        zone: packaging
        points:
          - { name: setpoint, table: holding, addresses: [100-103, 105], units: [1, 4-5] }
          - { name: run, table: coil, addresses: 0 }
    """

  @Test func everyKeyIsRead() throws {
    let configuration = try load(plant).configuration
    #expect(configuration.policies == [FilePattern("policies/*.cedar")])
    #expect(configuration.entities == [FilePattern("entities/*.json")])
    #expect(configuration.zones[1].parent == "site")
    #expect(configuration.zones[1].networks == ["10.0.5.0/24", "2001:db8::/32"].compactMap { AddressRange($0) })
    #expect(configuration.routes[0].zone == "packaging")
    #expect(configuration.listeners[0].filters == [.access(AccessFilterConfiguration())])
    var filter = AccessFilterConfiguration()
    (filter.mode, filter.onPolicyError) = (.detect, .skip)
    #expect(configuration.listeners[1].filters == [.access(filter)])
    let points = configuration.assets[0].points
    #expect(points.map(\.name) == ["setpoint", "run"] && points.map(\.table) == [.holding, .coil])
    #expect(points[0].addresses == [100...103, 105...105] && points[0].units == [1...1, 4...5])
    #expect(points[1].addresses == [0...0] && points[1].units == [])
  }

  @Test func renderingIsReadAlike() throws {
    let configuration = try load(plant).configuration
    let text = ConfigurationRendering.json(configuration)
    #expect(try load(text).configuration == configuration)
    #expect(ConfigurationDiff.between(configuration, try load(text).configuration).isEmpty)
  }

  @Test func patternsAreComparedByThemselves() throws {
    let old = try load("policies: [a.cedar, b.cedar]\n").configuration
    let new = try load("policies: [c.cedar, b.cedar]\n").configuration
    #expect(
      ConfigurationDiff.text(ConfigurationDiff.between(old, new)) == "- policies a.cedar\n+ policies c.cedar")
  }

  @Test(arguments: [
    (
      "zones: [{ name: a, parent: b }, { name: b, parent: c }, { name: c, parent: b }]",
      "1:52: zone `b` is a part of itself\n  hint: remove one `parent` of the circle"
    ),
    (
      "zones: [{ name: a, parent: a }]", "1:28: zone `a` is a part of itself\n  hint: remove one `parent` of the circle"
    ),
    ("zones: [{ name: a, parent: x }]", "1:28: unknown zone `x`\n  hint: did you mean `a`?"),
    (
      "zones: [{ name: a, networks: [10.0.0.0/8] }, { name: b, networks: [10.0.0.0/8] }]",
      "1:68: network `10.0.0.0/8` is in zone `a` too\n  hint: a network belongs to one zone"
    ),
    (
      "zones: [{ name: a, networks: [10.0.0.1/8] }]",
      "1:31: `10.0.0.1/8` is no address or block of addresses\n  hint: write `10.0.0.0/8`, `2001:db8::/32` or `10.0.0.7`; "
        + "bits behind the prefix must be zero"
    ),
  ])
  func wrongZones(_ text: String, _ message: String) {
    #expect(errors(text) == ["sluice.yaml:" + message])
  }

  private func asset(_ points: String) -> String {
    "assets: [{ name: a, protocol: modbus, address: 127.0.0.1:502, points: [\(points)] }]"
  }

  @Test func pointsDontOverlap() {
    #expect(
      errors(
        asset(
          "{ name: x, table: holding, addresses: 0-9 }, { name: y, table: coil, addresses: 5 }, "
            + "{ name: z, table: holding, addresses: 10 }")) == [])
    #expect(
      errors(
        asset(
          "{ name: x, table: holding, addresses: 0-9, units: 1 }, "
            + "{ name: y, table: holding, addresses: 0-9, units: 2-3 }")) == [])
    let overlap = errors(
      asset("{ name: x, table: input, addresses: 5-9, units: 3 }, { name: y, table: input, addresses: [0, 9-12] }"))
    #expect(overlap.count == 1)
    #expect(overlap.first?.contains("address 9 of point `y` is in point `x` too\n  hint: an address is in one") == true)
    #expect(
      errors(asset("{ name: x, table: input, addresses: [1-5, 5] }")).first?.contains(
        "address 5 stands twice in point `x`\n  hint: join the ranges") == true)
    #expect(
      errors(asset("{ name: x, table: coil, addresses: 1 }, { name: x, table: coil, addresses: 2 }")).first?.contains(
        "point `x` stands twice in the asset") == true)
    #expect(errors(asset("{ name: x, table: registers, addresses: 1 }")).first?.contains("unknown value") == true)
  }

  @Test func aFilterNeedsPolicies() throws {
    let text = plant.replacing("policies: [policies/*.cedar]\n", with: "")
    #expect(
      errors(text) == [
        "sluice.yaml:6:79: an `access` filter needs `policies`: without one it refuses everything\n"
          + "  hint: add `policies: [policies/*.cedar]` at the top of the file",
        "sluice.yaml:11:25: an `access` filter needs `policies`: without one it refuses everything\n"
          + "  hint: add `policies: [policies/*.cedar]` at the top of the file",
      ])
    let unused = try load(route("pool: p") + "\npolicies: [a.cedar]\n").warnings
    #expect(unused.map(\.message) == ["no `access` filter asks the policies"])
  }

  @Test func itCanStandOnNoOtherListener() {
    let text = """
      policies: [a.cedar]
      pools: [{ name: p, endpoints: [127.0.0.1:8080] }]
      listeners: [{ name: t, address: 127.0.0.1:80, protocol: tcp, pool: p, filters: [{ access: {} }] }]
      """
    #expect(
      errors(text) == [
        "sluice.yaml:3:81: filter `access` can't stand on a tcp listener\n"
          + "  hint: it can stand on `modbus` listeners, `http` and `https` listeners and on routes"
      ])
  }

  /// Patterns are relative to the file that they stand in, and problems have the places that the reader gives them.
  @Test func filesAreReadWithTheConfiguration() throws {
    let seen = Mutex<[String]>([])
    var source = ConfigurationSource.memory(files: [
      "conf/sluice.yaml": Array("include: [more/*.yaml]\npolicies: [policies/*.cedar]\n".utf8),
      "conf/more/a.yaml": Array("policies: [own.cedar, /etc/all.cedar]\nzones: [{ name: a }]\n".utf8),
    ])
    source.checkPolicies = { configuration in
      seen.withLock { $0 = configuration.policies.map(\.path) }
      return RuleCheck(
        problems: [
          RuleCheck.Problem(
            "it is wrong", hint: "make it right", key: "policies[1]",
            place: .init(file: "own.cedar", line: 3, column: 7)),
          RuleCheck.Problem("no file matches `x`", key: "policies[0]"),
          RuleCheck.Problem("doubtful", key: "policies[0]", isWarning: true),
        ], digest: [1])
    }
    let failure = #expect(throws: ConfigurationErrors.self) {
      try ConfigurationLoader.load(path: "conf/sluice.yaml", source: source)
    }
    #expect(seen.withLock { $0 } == ["conf/policies/*.cedar", "conf/more/own.cedar", "/etc/all.cedar"])
    #expect(
      failure?.issues.map(\.description) == [
        "conf/sluice.yaml:2:12: no file matches `x`", "own.cedar:3:7: it is wrong\n  hint: make it right",
      ])
    #expect(failure?.warnings.contains { $0.message == "doubtful" } == true)
  }

  @Test func anotherTextIsAnotherConfiguration() throws {
    func hash(_ digest: UInt8) throws -> String {
      var source = ConfigurationSource.memory()
      source.checkPolicies = { _ in RuleCheck(digest: [digest]) }
      return try ConfigurationLoader.load(bytes: Array(plant.utf8), fileName: "sluice.yaml", source: source).hash
    }
    #expect(try hash(1) == hash(1) && hash(1) != hash(2))
  }
}
