import Access
import Cedar
import SluiceModel
import Testing

/// Who asks, what for and under which circumstances, as policies see it.
@Suite struct DecisionTests {
  // MARK: Who

  @Test func certificatesAndAddressesArePrincipals() throws {
    var asker = Asker(
      try load(
        """
        @id("service") permit(principal == Service::"spiffe://plant/historian", action, resource);
        @id("hmi") permit(principal == Certificate::"CN=hmi-1,O=Plant", action, resource);
        @id("nameless") permit(principal == Certificate::"sha256:ab12", action, resource);
        @id("v4") permit(principal == Client::"10.0.5.7", action, resource);
        @id("v6") permit(principal == Client::"2001:db8::7", action, resource);
        """))
    let callers: [(String, TLSFacts?, [String])] = [
      ("10.0.5.7", nil, ["v4"]), ("10.0.5.8", nil, []), ("2001:db8::7", nil, ["v6"]),
      ("10.0.5.7", facts(nil), ["v4"]), ("10.0.5.7", facts(peer()), ["hmi"]),
      ("10.0.5.7", facts(peer(spiffeID: "spiffe://plant/historian")), ["service"]),
      ("10.0.5.7", facts(peer(spiffeID: "spiffe://plant/other")), []),
      ("10.0.5.7", facts(peer("")), ["nameless"]), ("10.0.5.7", facts(peer("CN=hmi-2")), []),
    ]
    for (client, tls, rules) in callers {
      (asker.client, asker.tls) = (client, tls)
      #expect(try asker.http() == !rules.isEmpty)
      #expect(asker.rules == rules)
      #expect(try asker.modbus([3, 0, 0, 0, 1]) == [(rules.isEmpty ? "-" : "+") + "holding-register 0"])
    }
  }

  @Test func theNetworkZoneIsAParentOfThePrincipal() throws {
    var asker = Asker(
      try load(
        """
        @id("packaging") permit(principal in Zone::"packaging", action, resource);
        @id("site") permit(principal in Zone::"site", action == Action::"http:POST", resource);
        @id("deep") permit(principal is Certificate, action == Action::"http:PUT", resource)
          when { context has zone && context.zone in Zone::"site" && context.zone has purdue &&
            context.zone.purdue > 3 };
        """))
    #expect(try asker.http() && asker.rules == ["packaging"])
    #expect(try asker.http(.post) && asker.rules == ["packaging", "site"])
    asker.client = "10.0.9.1"
    #expect(try !asker.http())
    #expect(try asker.http(.post) && asker.rules == ["site"])
    asker.tls = facts(peer())
    #expect(try asker.http(.put) && asker.rules == ["deep"])
    asker.client = "192.0.2.1"
    #expect(try !asker.http(.put) && !asker.http(.post))
  }

  // MARK: HTTP

  @Test func pathsAreInTheirRouteAndItsZone() throws {
    let asker = Asker(
      try load(
        """
        @id("path") permit(principal, action == Action::"http:GET", resource == Path::"/api/x");
        @id("route") permit(principal, action == Action::"http:POST", resource in Route::"historian-api");
        @id("zone") permit(principal, action == Action::"http:PUT", resource in Zone::"site");
        """))
    #expect(try asker.http(.get, "/api/x") && !asker.http(.get, "/api/y") && !asker.http(.get, "/api/x/"))
    #expect(try asker.http(.get, "/api/x", route: nil))
    #expect(try asker.http(.post) && asker.rules == ["route"])
    #expect(try !asker.http(.post, route: nil) && !asker.http(.post, route: "another"))
    #expect(try asker.http(.put) && asker.rules == ["zone"])
  }

  @Test func methodsHaveClasses() throws {
    let asker = Asker(
      try load(
        """
        @id("read") permit(principal, action in Action::"read", resource);
        @id("write") permit(principal, action in Action::"http:write", resource) when { context.path like "/forms/*" };
        """))
    for action in HTTPAction.allCases {
      let reads = [.get, .head, .options, .trace].contains(action)
      #expect(try asker.http(action) == reads, "\(action)")
      #expect(try asker.http(action, "/forms/7"))
      #expect(asker.rules == [reads ? "read" : "write"])
    }
  }

  @Test func theContextHasTheFactsOfTheRequest() throws {
    var asker = Asker(
      try load(
        """
        permit(principal, action == Action::"http:GET", resource) when {
          context.host == "historian.plant.example" && context.method == "GET" && context.listener == "door" &&
          context.sourceAddress.isInRange(ip("10.0.5.0/24")) && context.path == "/api/x" &&
          context.time == datetime("2026-09-21T14:13:20Z")
        };
        permit(principal, action == Action::"http:PUT", resource) when {
          context.postQuantum && context has tlsVersion && context.tlsVersion == "1.3" &&
          context has tlsGroup && context.tlsGroup == "X25519MLKEM768" &&
          context has certificateIssuer && context.certificateIssuer == "CN=Plant CA" &&
          context has certificateFingerprint && context.certificateFingerprint == "ab12" &&
          context has role && context.role == "engineer"
        };
        permit(principal, action == Action::"http:PATCH", resource) when {
          !context.postQuantum && !(context has tlsVersion) && !(context has role)
        };
        """))
    #expect(try asker.http())
    #expect(try !asker.http(host: "other.plant.example"))
    #expect(try asker.http(.patch) && !asker.http(.put))
    asker.milliseconds += 1
    #expect(try !asker.http())
    asker.tls = facts(peer(role: "engineer"))
    #expect(try asker.http(.put) && !asker.http(.patch))
    asker.tls = facts(peer(role: "engineer"), group: .x25519)
    #expect(try !asker.http(.put))
  }

  // MARK: Modbus

  @Test func everyTouchedPointIsDecided() throws {
    let asker = Asker(
      try load(
        """
        @id("read") permit(principal, action in Action::"read", resource in Asset::"press-1");
        @id("setpoint") permit(principal, action in Action::"write", resource == Point::"press-1/setpoint");
        @id("mode") forbid(principal, action, resource == Point::"press-1/mode");
        """))
    #expect(try asker.modbus([3, 0, 0, 0, 10]) == ["+holding-register 0-9"])
    #expect(
      try asker.modbus([3, 0, 98, 0, 8]) == [
        "+holding-register 98-99", "+holding-register 100-103", "+holding-register 104-105",
      ])
    #expect(try asker.modbus([3, 0, 109, 0, 2]) == ["+holding-register 109", "-holding-register 110"])
    #expect(asker.rules == ["mode"])
    #expect(try asker.modbus([6, 0, 101, 0, 1]) == ["+holding-register 101"])
    #expect(try asker.modbus([6, 0, 104, 0, 1]) == ["-holding-register 104"])
    // Of another unit, the same addresses are no point.
    #expect(try asker.modbus([6, 0, 101, 0, 1], unit: 2) == ["-holding-register 101"])
    #expect(
      try asker.modbus([16, 0, 103, 0, 2, 4, 0, 1, 0, 2]) == ["+holding-register 103", "-holding-register 104"])
    #expect(try asker.modbus([5, 0, 100, 0xff, 0]) == ["-coil 100"])
  }

  @Test func requestsThatDoTwoThingsAreDecidedTwice() throws {
    let asker = Asker(
      try load(
        """
        @id("read") permit(principal, action in Action::"read", resource in Asset::"press-1");
        @id("write") permit(principal, action == Action::"modbus:ReadWriteMultipleRegisters",
          resource == Point::"press-1/setpoint");
        @id("mask") permit(principal, action == Action::"modbus:MaskWriteRegister",
          resource == Point::"press-1/setpoint");
        """))
    #expect(
      try asker.modbus([23, 0, 0, 0, 2, 0, 100, 0, 1, 2, 0, 1]) == ["+holding-register 0-1", "+holding-register 100"])
    #expect(
      try asker.modbus([23, 0, 0, 0, 2, 0, 110, 0, 1, 2, 0, 1]) == ["+holding-register 0-1", "-holding-register 110"])
    #expect(try asker.modbus([22, 0, 100, 0xff, 0xff, 0, 0]) == ["+holding-register 100"])
    #expect(try asker.modbus([22, 0, 110, 0xff, 0xff, 0, 0]) == ["-holding-register 110"])
    #expect(try asker.modbus([16, 0, 100, 0, 1, 2, 0, 1]) == ["-holding-register 100"])
    #expect(try asker.modbus([20, 14, 6, 0, 4, 0, 1, 0, 2, 6, 0, 3, 0, 9, 0, 2]).count == 2)
    #expect(try asker.modbus([43, 13, 1, 2]) == ["-modbus:CANopenGeneralReference"])
    #expect(try asker.modbus([90, 1]) == ["-modbus:other"])
  }

  @Test func valuesAreThoseOfThePart() throws {
    let asker = Asker(
      try load(
        """
        permit(principal, action in Action::"write", resource == Point::"press-1/setpoint")
          when { context has maximumValue && context.minimumValue >= 10 && context.maximumValue <= 8500 };
        permit(principal, action in Action::"modbus", resource == Asset::"press-1") when {
          context.unit == 1 && context.function == 16 && context has table && context.table == "holding" &&
          context.address == 104 && context.count == 2 && context has maximumValue && context.maximumValue == 65535
        };
        permit(principal, action == Action::"modbus:WriteMultipleCoils", resource == Point::"press-1/run")
          when { context.maximumValue == 0 };
        """))
    let values: [UInt8] = [0, 10, 0x21, 0x34, 0, 11, 0, 12]
    #expect(
      try asker.modbus([16, 0, 100, 0, 6, 12] + values + [0xff, 0xff, 0, 0]) == [
        "+holding-register 100-103", "+holding-register 104-105",
      ])
    #expect(try asker.modbus([16, 0, 100, 0, 4, 8, 0, 9] + values.dropFirst(2)) == ["-holding-register 100-103"])
    #expect(try asker.modbus([6, 0, 100, 0x21, 0x35]) == ["-holding-register 100"])
    #expect(try asker.modbus([22, 0, 100, 0xff, 0xff, 0, 0]) == ["-holding-register 100"])
    #expect(try asker.modbus([15, 0, 0, 0, 2, 1, 0]) == ["+coil 0-1"])
    #expect(try asker.modbus([15, 0, 0, 0, 2, 1, 2]) == ["-coil 0-1"])
  }

  // MARK: Errors

  @Test func aForbidThatFailsDenies() throws {
    var asker = Asker(
      try load(
        """
        @id("all") permit(principal, action, resource);
        @id("sum") forbid(principal, action in Action::"modbus", resource) when {
          context has maximumValue && context.maximumValue * 9223372036854775807 < 0
        };
        """))
    #expect(try asker.modbus([6, 0, 0, 0, 1]) == ["+holding-register 0"])
    #expect(try asker.modbus([6, 0, 0, 0, 2]) == ["-holding-register 0"])
    #expect(asker.rules == [] && asker.decider.frame.isDeniedByError)
    asker.mode = .skip
    #expect(try asker.modbus([6, 0, 0, 0, 2]) == ["+holding-register 0"])
    #expect(asker.decider.frame.hasErrors && asker.rules == ["all"])
  }

  @Test func explanationsTakeAHundredthOfTheTime() {
    var budget = ExplanationBudget()
    var now: UInt64 = 1_000_000_000
    var explained: UInt64 = 0
    let start = now
    // Each takes 2 ms, and there is always another one to explain.
    while now < start + 10_000_000_000 {
      if budget.mayBegin(at: now) {
        budget.ended(began: now, now: now + 2_000_000)
        now += 2_000_000
        explained += 2_000_000
      } else {
        now += 100_000
      }
    }
    #expect((100_000_000...125_000_000).contains(explained))
    // A long quiet time saves up no more than the first allowance.
    now += 1_000_000_000_000
    var count = 0
    while budget.mayBegin(at: now) {
      budget.ended(began: now, now: now + 2_000_000)
      count += 1
    }
    #expect(count == 10)
  }

  @Test func whatComesNearestIsExplained() throws {
    let asker = Asker(
      try load(
        """
        @id("bounds") permit(principal, action in Action::"write", resource in Asset::"press-1")
          when { context has maximumValue && context.maximumValue <= 8500 };
        @id("other-place") permit(principal, action in Action::"write", resource == Point::"press-1/mode");
        @id("engineers") permit(principal in Group::"engineers", action, resource);
        @id("web") permit(principal == Client::"192.0.2.1", action in Action::"http", resource);
        """,
        entities:
          #"[{"uid":{"type":"Client","id":"192.0.2.9"},"attrs":{},"parents":[{"type":"Group","id":"engineers"}]}]"#
      ))
    #expect(try asker.modbus([6, 0, 100, 0x21, 0x35]) == ["-holding-register 100"])
    let nearest = try #require(asker.decider.nearestPermits(asker.snapshot, mode: .deny))
    #expect(nearest.map(\.policy) == ["bounds", "engineers", "other-place"])
    #expect(nearest.first?.reason == "`when` does not hold: `context.maximumValue <= 8500`")
    #expect(nearest.first?.place == "policies/plant.cedar:2:59")
    #expect(nearest[1].reason == "`Client::\"10.0.5.7\"` is not in `Group::\"engineers\"`")
    #expect(nearest[2].reason == "`Point::\"press-1/setpoint\"` is not `Point::\"press-1/mode\"`")
    #expect(nearest[2].place == "policies/plant.cedar:3:1")
    #expect(try !asker.http(.post))
    #expect(
      asker.decider.nearestPermits(asker.snapshot, mode: .deny)?.map(\.policy) == [
        "engineers", "web", "bounds", "other-place",
      ])
  }
}
