import SluiceModel
import Testing

import Telemetry

/// What log lines say about TLS.
struct HandshakeLineTests {
  private let scratch = Scratch()
  private let time = ManualClock()

  private func withRecorder<R>(_ body: (LoopRecorder) throws -> R) throws -> R {
    let hub = try TelemetryHub(
      scratch.configuration(record: .all), version: "1", files: SystemFiles(), clock: time.clock)
    defer { hub.shutdown() }
    return try body(hub.makeRecorder(industrial: false))
  }

  @Test func exchangesAndOperationsSayWhatWasNegotiated() throws {
    try withRecorder { recorder in
      var record = exchange(makeID(1))
      record.tls = facts(peer: peerIdentity())
      record.upstreamTLS = facts(.tls12, .p256, cipher: 0xc02f, ja4: nil)
      recorder.exchangeEnded(record)
      #expect(
        recorder.lastLine.contains(
          """
          ,"tls":{"version":"1.3","group":"X25519MLKEM768","cipher":"TLS_AES_128_GCM_SHA256","resumed":false,\
          "ja4":"t13d1516h2_8daaf6152771_02713d6af862","sni":"plant.example"},"principal":"CN=panel-7",\
          "upstreamTls":{"version":"1.2","group":"P-256","cipher":"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"}}
          """), "\(recorder.lastLine)")
      let parsed = try event(recorder.lastLine)
      #expect(parsed.principal == record.principal && parsed.tls?.ja4 == record.tls?.ja4)

      var written = operation(makeID(2), .write)
      written.tls = facts(.tls12, nil, resumed: true, name: nil, peer: peerIdentity(spiffeID: "spiffe://plant/hmi"))
      recorder.operationEnded(written, trace: DecisionTrace())
      let industrial = try event(recorder.lastLine)
      #expect(industrial.principal == "spiffe://plant/hmi" && industrial.upstreamTls == nil)
      #expect(industrial.tls?.group == nil && industrial.tls?.resumed == true && industrial.tls?.sni == nil)
    }
  }

  @Test func hostileNamesAreCutAndEscaped() throws {
    try withRecorder { recorder in
      let text = "\"\\\n\u{1}\u{7f}\u{85}\u{202e}\u{feff}é漢🜁"
      var record = exchange(makeID(1))
      record.tls = facts(name: text, ja4: text, peer: peerIdentity(text))
      recorder.exchangeEnded(record)
      let parsed = try event(recorder.lastLine)
      #expect(parsed.tls?.sni == text && parsed.tls?.ja4 == text && parsed.principal == text)
      #expect(
        recorder.lastLine.unicodeScalars.allSatisfy {
          $0.value >= 0x20 && !(0x7f...0x9f).contains($0.value) && $0 != "\u{202e}" && $0 != "\u{feff}"
        })
      let long = String(repeating: "é\u{1}", count: 5000)
      record.tls = facts(name: long, ja4: long, peer: peerIdentity(long))
      recorder.exchangeEnded(record)
      let cut = try event(recorder.lastLine)
      #expect(cut.tls?.sni?.utf8.count == 255 && cut.tls?.ja4?.utf8.count == 63 && cut.principal?.utf8.count == 512)
      #expect(cut.tls?.sni.map { long.hasPrefix($0) } == true)
    }
  }

  @Test func failedHandshakesHaveALine() throws {
    try withRecorder { recorder in
      recorder.handshakeEnded(handshake(facts()))
      #expect(recorder.lastLine.isEmpty)
      var record = handshake(nil, failure: "no version in common", detail: "the client offers \"1.0\"\n")
      record.serverName = "plant.example"
      record.ja4 = "t10d"
      recorder.handshakeEnded(record)
      let line = recorder.lastLine
      let parsed = try event(line)
      #expect(
        line == """
          {"time":"2025-11-24T15:59:59.997Z","id":"\(parsed.id)","kind":"handshake","leg":"client","listener":"web",\
          "client":"10.0.1.5","failure":"no version in common","detail":"the client offers \\"1.0\\"\\n",\
          "durationMs":3.000,"tls":{"ja4":"t10d","sni":"plant.example"}}
          """, "\(line)")

      // The same with what is known in facts that say no version.
      recorder.handshakeEnded(
        handshake(facts(TLSVersion(rawValue: 0), nil, cipher: 0, ja4: "t10d"), failure: "no version in common"))
      let early = try event(recorder.lastLine)
      #expect(early.tls == parsed.tls && early.tls?.version == nil)

      recorder.handshakeEnded(
        handshake(
          facts(ja4: nil), leg: .upstream, place: LogName("app"), endpoint: LogName("10.0.2.1:443"),
          failure: "the certificate is not trusted"))
      let upstream = try event(recorder.lastLine)
      #expect(upstream.leg == .upstream && upstream.pool == "app" && upstream.upstream == "10.0.2.1:443")
      #expect(upstream.upstreamTls?.version == "1.3" && upstream.client == nil && upstream.listener == nil)

      recorder.handshakeEnded(handshake(nil, leg: .device, place: pressName, failure: "time is up"))
      let device = try event(recorder.lastLine)
      #expect(device.asset == "press-1" && device.upstream == "10.0.1.5" && device.failure == "time is up")
      #expect(device.id != upstream.id)
    }
    #expect(scratch.lines(scratch.accessPath).count == 4)
    #expect(scratch.segments().flatMap { scratch.lines($0) }.isEmpty)
  }

  @Test func aFloodOfFailuresWritesFewLines() throws {
    try withRecorder { recorder in
      for _ in 0..<5000 { recorder.handshakeEnded(handshake(nil, failure: "the client hung up")) }
      #expect(recorder.snapshot(recent: true).recent.count == Int(HandshakeLimits.linesPerSecond))
      #expect(recorder.snapshot(recent: false).handshakeLinesLeftOut == 5000 - HandshakeLimits.linesPerSecond)
      time.advance(milliseconds: 1000)
      recorder.handshakeEnded(handshake(nil, failure: "the client hung up"))
      let first = try event(recorder.lastLine)
      #expect(first.leftOut == 5000 - HandshakeLimits.linesPerSecond)
      recorder.handshakeEnded(handshake(nil, failure: "the client hung up"))
      let second = try event(recorder.lastLine)
      #expect(second.leftOut == nil)
      let failures = recorder.snapshot(recent: false).handshakes.first?.failures ?? []
      #expect(failures.map(\.count) == [5002])
    }
  }
}

/// What an event loop keeps about handshakes.
struct HandshakeCountTests {
  private let scratch = Scratch()
  private let time = ManualClock()

  private func withRecorder<R>(_ body: (LoopRecorder) throws -> R) throws -> R {
    let hub = try TelemetryHub(
      scratch.configuration(access: false), version: "1", files: SystemFiles(), clock: time.clock)
    defer { hub.shutdown() }
    return try body(hub.makeRecorder(industrial: false))
  }

  private func onlyPlace(_ recorder: LoopRecorder) throws -> LoopSnapshot.Handshakes {
    let places = recorder.snapshot(recent: false).handshakes
    #expect(places.count == 1)
    return try #require(places.first)
  }

  @Test func countsByWhatWasNegotiated() throws {
    try withRecorder { recorder in
      for _ in 0..<3 { recorder.handshakeEnded(handshake(facts())) }
      time.advance(milliseconds: 10)
      recorder.handshakeEnded(handshake(facts(resumed: true)))
      recorder.handshakeEnded(handshake(facts(retried: true)))
      recorder.handshakeEnded(handshake(facts()))
      let place = try onlyPlace(recorder)
      #expect(place.negotiated.map(\.count) == [4, 1, 1])
      #expect(place.negotiated.map(\.isResumed) == [false, true, false])
      #expect(place.negotiated.map(\.wasRetried) == [false, false, true])
      #expect(place.negotiated.first?.firstSeen == ManualClock.start)
      #expect(place.negotiated.first?.lastSeen == ManualClock.start + 10)
      #expect(recorder.snapshot(recent: false).handshakeDurations[.client]?.count == 6)
    }
  }

  @Test func placesAreToldApart() throws {
    try withRecorder { recorder in
      for leg in TLSLeg.allCases { recorder.handshakeEnded(handshake(facts(), leg: leg)) }
      for endpoint in ["a", "b", "a"] {
        recorder.handshakeEnded(handshake(facts(), leg: .upstream, endpoint: LogName(endpoint)))
      }
      let places = recorder.snapshot(recent: false).handshakes
      #expect(places.count == 5)
      let first = places.first { $0.endpoint == "a" }
      #expect(first?.leg == .upstream && first?.negotiated.first?.count == 2)
    }
  }

  @Test func combinationsAndReasonsAreBounded() throws {
    let reasons: [StaticString] = [
      "r00", "r01", "r02", "r03", "r04", "r05", "r06", "r07", "r08", "r09", "r10", "r11", "r12", "r13", "r14", "r15",
      "r16", "r17", "r18", "r19", "r20", "r21", "r22", "r23", "r24", "r25", "r26", "r27", "r28", "r29", "r30", "r31",
      "r32", "r33", "r34", "r35",
    ]
    try withRecorder { recorder in
      for cipher in 0..<200 as Range<UInt16> { recorder.handshakeEnded(handshake(facts(cipher: cipher))) }
      for reason in reasons + reasons { recorder.handshakeEnded(handshake(nil, failure: reason)) }
      let place = try onlyPlace(recorder)
      #expect(place.negotiated.count == HandshakeLimits.combinationsPerPlace + 1)
      #expect(place.negotiated.last?.version == nil)
      #expect(place.negotiated.last?.count == UInt64(200 - HandshakeLimits.combinationsPerPlace))
      #expect(place.failures.count == HandshakeLimits.reasonsPerPlace + 1)
      #expect(place.failures.first?.count == 2)
      #expect(place.failures.last?.reason == "other")
      #expect(place.failures.last?.count == UInt64(2 * (reasons.count - HandshakeLimits.reasonsPerPlace)))
    }
  }

  @Test func listsWhoIsNotPostQuantum() throws {
    try withRecorder { recorder in
      let one = IPAddress(v4: 1)
      recorder.handshakeEnded(handshake(facts(), peer: IPAddress(v4: 9)))
      recorder.handshakeEnded(handshake(facts(.tls13, .x25519), peer: one))
      time.advance(milliseconds: 5)
      recorder.handshakeEnded(handshake(facts(.tls12, nil, resumed: true), peer: one))
      recorder.handshakeEnded(handshake(facts(.tls13, .p256, ja4: "other"), peer: one))
      let peers = try onlyPlace(recorder).classicalPeers
      #expect(peers.map(\.address) == [one, one])
      #expect(peers.first?.handshakes == 2 && peers.first?.version == .tls12 && peers.first?.group == nil)
      #expect(peers.first?.lastSeen == ManualClock.start + 5)
      recorder.handshakeEnded(handshake(facts(), peer: one))
      #expect(try onlyPlace(recorder).classicalPeers.map(\.ja4) == ["other"])
      recorder.handshakeEnded(handshake(facts(ja4: "other"), peer: one))
      let place = try onlyPlace(recorder)
      #expect(place.classicalPeers.isEmpty && !place.hasMoreClassicalPeers)
    }
  }

  @Test func peersSeenLastAreKept() throws {
    try withRecorder { recorder in
      for number in 0..<250 as Range<UInt32> {
        time.advance(milliseconds: 1)
        recorder.handshakeEnded(handshake(facts(.tls13, .x25519), peer: IPAddress(v4: number)))
      }
      let place = try onlyPlace(recorder)
      #expect(place.hasMoreClassicalPeers)
      let kept = Set(place.classicalPeers.map(\.address))
      let last = UInt32(250 - HandshakeLimits.peersPerPlace)..<250
      #expect(kept == Set(last.map { IPAddress(v4: $0) }))
    }
  }

  @Test func peersOfALoopAreBounded() throws {
    try withRecorder { recorder in
      let names = (0..<60).map { LogName("place \($0)") }
      for name in names {
        for number in 0..<UInt32(HandshakeLimits.peersPerPlace) {
          recorder.handshakeEnded(handshake(facts(.tls13, .x25519), place: name, peer: IPAddress(v4: number)))
        }
      }
      let places = recorder.snapshot(recent: false).handshakes
      #expect(places.reduce(0) { $0 + $1.classicalPeers.count } == HandshakeLimits.peersPerLoop)
      #expect(places.contains { $0.hasMoreClassicalPeers })
      // One that leaves the list makes room.
      recorder.handshakeEnded(handshake(facts(), place: names[0], peer: IPAddress(v4: 0)))
      let last = try #require(names.last)
      recorder.handshakeEnded(handshake(facts(.tls13, .x25519), place: last, peer: IPAddress(v4: 0)))
      #expect(
        recorder.snapshot(recent: false).handshakes.contains { $0.place == last.text && $0.classicalPeers.count == 1 })
    }
  }

  @Test func metricsAreAddedUpAndBounded() throws {
    let hub = try TelemetryHub(
      scratch.configuration(access: false), version: "1", files: SystemFiles(), clock: time.clock)
    defer { hub.shutdown() }
    let recorders = [hub.makeRecorder(industrial: false), hub.makeRecorder(industrial: true)]
    for recorder in recorders {
      recorder.handshakeEnded(handshake(facts()))
      recorder.handshakeEnded(handshake(facts(cipher: 0x1302)))
      recorder.handshakeEnded(handshake(facts(.tls12, nil, resumed: true)))
      recorder.handshakeEnded(handshake(facts(.tls13, TLSGroup(rawValue: 0x9999))))
      recorder.handshakeEnded(handshake(facts(TLSVersion(rawValue: 0x7f1c), .x25519)))
      recorder.handshakeEnded(handshake(facts(), leg: .upstream, place: LogName("app"), endpoint: LogName("a")))
      recorder.handshakeEnded(handshake(facts(), leg: .upstream, place: LogName("app"), endpoint: LogName("b")))
      recorder.handshakeEnded(handshake(nil, failure: "no version in common"))
    }
    let text = PrometheusText.render(
      loops: recorders.map { $0.snapshot(recent: false) }, endpoints: [], flows: 0, telemetry: hub.state,
      process: ProcessStatus.read())
    let lines = Set(text.split(separator: "\n").map(String.init))
    let total = "sluice_tls_handshakes_total{leg=\"client\",place=\"web\",version="
    for expected in [
      total + "\"1.3\",group=\"X25519MLKEM768\",resumed=\"false\"} 4",
      total + "\"1.2\",group=\"none\",resumed=\"true\"} 2",
      total + "\"1.3\",group=\"other\",resumed=\"false\"} 2", total + "\"other\",group=\"X25519\",resumed=\"false\"} 2",
      "sluice_tls_handshakes_total{leg=\"upstream\",place=\"app\",version=\"1.3\",group=\"X25519MLKEM768\","
        + "resumed=\"false\"} 4",
      "sluice_tls_handshake_failures_total{leg=\"client\",place=\"web\",reason=\"no version in common\"} 2",
      "sluice_tls_handshake_seconds_count{leg=\"client\"} 12", "sluice_tls_handshake_seconds_count{leg=\"upstream\"} 4",
      "sluice_tls_handshake_lines_left_out_total 0",
    ] {
      #expect(lines.contains(expected), "\(expected)")
    }
  }
}
