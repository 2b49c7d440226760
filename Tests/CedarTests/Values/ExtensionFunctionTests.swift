import Cedar
import Testing

@Suite struct ExtensionFunctionTests {
  private func value(_ function: ExtensionFunction, _ text: String) throws -> Value { try function([.string(text)]) }

  @Test func constructors() throws {
    #expect(try value(.decimal, "1.5") == .decimal(Decimal(tenThousandths: 15_000)))
    #expect(try value(.ip, "0.0.0.1/8") == .ip(IPNetwork(address: 1, isV6: false, prefix: 8)))
    #expect(try value(.datetime, "1970-01-02") == .datetime(Datetime(milliseconds: 86_400_000)))
    #expect(try value(.duration, "-1s") == .duration(TimeSpan(milliseconds: -1000)))
  }

  @Test(arguments: [
    (ExtensionFunction.lessThan, "1.5", "1.50", false), (.lessThan, "-0.5", "0.0", true),
    (.lessThanOrEqual, "1.5", "1.50", true), (.greaterThan, "1.5", "-1.5", true), (.greaterThan, "1.5", "1.5", false),
    (.greaterThanOrEqual, "1.4", "1.5", false),
  ])
  func comparesDecimals(_ function: ExtensionFunction, _ left: String, _ right: String, _ result: Bool) throws {
    #expect(try function([value(.decimal, left), value(.decimal, right)]) == .bool(result))
  }

  @Test func methods() throws {
    let (address, range) = (try value(.ip, "127.0.0.1"), try value(.ip, "127.0.0.0/8"))
    #expect(try ExtensionFunction.isIpv4([address]) == .bool(true))
    #expect(try ExtensionFunction.isIpv6([address]) == .bool(false))
    #expect(try ExtensionFunction.isLoopback([address]) == .bool(true))
    #expect(try ExtensionFunction.isMulticast([address]) == .bool(false))
    #expect(try ExtensionFunction.isInRange([address, range]) == .bool(true))
    let (noon, day) = (try value(.datetime, "2024-10-15T12:00:00Z"), try value(.duration, "1d12h"))
    #expect(try ExtensionFunction.offset([noon, day]) == value(.datetime, "2024-10-17"))
    #expect(try ExtensionFunction.durationSince([noon, value(.datetime, "2024-10-15")]) == value(.duration, "12h"))
    #expect(try ExtensionFunction.toDate([noon]) == value(.datetime, "2024-10-15"))
    #expect(try ExtensionFunction.toTime([noon]) == value(.duration, "12h"))
    #expect(try ExtensionFunction.toMilliseconds([day]) == .long(129_600_000))
    #expect(try ExtensionFunction.toSeconds([day]) == .long(129_600))
    #expect(try ExtensionFunction.toMinutes([day]) == .long(2160))
    #expect(try ExtensionFunction.toHours([day]) == .long(36))
    #expect(try ExtensionFunction.toDays([day]) == .long(1))
  }

  /// Any function of any values is answered or refused.
  @Test func everyFunctionRefusesOtherArguments() throws {
    let values: [Value] = [
      .bool(true), .long(1), .string("x"), .entity(try EntityUID(parsing: "A::\"a\"")), .set([]), .record([:]),
      try value(.decimal, "1.0"), try value(.ip, "::1"), try value(.datetime, "2024-10-15"), try value(.duration, "1d"),
    ]
    for function in ExtensionFunction.allCases {
      var answers = 0
      for first in values {
        answers += (try? function([first])) == nil ? 0 : 1
        for second in values { answers += (try? function([first, second])) == nil ? 0 : 1 }
      }
      #expect(answers == (function.isConstructor ? 0 : 1), "\(function)")
      #expect(throws: ExtensionError.self) { try function([]) }
      #expect(throws: ExtensionError.self) { try function([values[0], values[0], values[0]]) }
    }
  }

  @Test func errors() throws {
    let type = try #require(throws: ExtensionError.self) {
      try ExtensionFunction.isInRange([value(.ip, "::1"), .string("::1")])
    }
    #expect(type.message == "`isInRange` takes ipaddr and ipaddr, not ipaddr and String")
    let count = try #require(throws: ExtensionError.self) { try ExtensionFunction.ip([.string("a"), .string("b")]) }
    #expect(count.message == "`ip` takes 1 argument, not 2")
  }
}
