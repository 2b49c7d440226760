public import SluiceModel

/// The observer of one event loop: formats log lines, keeps the newest, counts. Used on that loop only.
///
/// The steady state allocates nothing and takes no lock: lines are copied into batches that are handed to the writer
/// threads at 64 KiB and on each tick.
public final class LoopRecorder: LoopObserver {
  /// A batch is handed over at this size.
  static let batchBytes = 64 << 10

  private let accessLog: AccessLog
  private let decisionLog: DecisionLog
  private let industrial: Bool
  private let storage = LineStorage()
  private let ring = RecentRing(capacity: Limits.recentExchangesBytes)
  private var date = DateText()
  private var accessBatch: AccessBatch
  private var decisionBatch: DecisionBatch

  private var counters = [UInt64](repeating: 0, count: LoopCounter.allCases.count)
  private var routes = MetricsIndex<RouteMetrics>()
  private var assets = MetricsIndex<AssetMetrics>()
  private var errorTypes = TextTable(limit: 62)
  // invariant: the address of a static string, which is never freed; it is only compared.
  private var lastErrorAddress: UnsafePointer<UInt8>?
  private var lastErrorNumber = 0
  private var sources = TextTable(limit: 64)
  private var decisions: [UInt64] = [0, 0, 0, 0]
  // invariant: addresses of static strings, which are never freed; they are only compared.
  private var protocolNames: [(address: UnsafePointer<UInt8>, name: LogName)] = []
  private var flowsEnded: [FlowKind: UInt64] = [:]
  private var flowBytesIn: UInt64 = 0
  private var flowBytesOut: UInt64 = 0
  private let clock: TelemetryClock
  private var random = SystemRandomNumberGenerator()
  private var handshakes = HandshakeTable()
  private var firewall = FirewallTable()
  private let auditLog: AccessLog
  private var auditBatch = AccessBatch()

  init(accessLog: AccessLog, auditLog: AccessLog, decisionLog: DecisionLog, clock: TelemetryClock, industrial: Bool) {
    self.accessLog = accessLog
    self.auditLog = auditLog
    self.decisionLog = decisionLog
    self.clock = clock
    self.industrial = industrial
    accessBatch = AccessBatch()
    decisionBatch = DecisionBatch()
  }

  deinit {
    tick(nowUnixMilliseconds: 0)
  }

  public func exchangeEnded(
    _ record: borrowing ExchangeRecord, trace: borrowing DecisionTrace, method: Span<UInt8>, host: Span<UInt8>,
    path: Span<UInt8>
  ) {
    var line = LineWriter(storage)
    LogLine.exchange(record, trace, method: method, host: host, path: path, to: &line, date: &date)
    keep(line, id: record.id, decision: trace.verdict != .allow)

    let metrics = routes.find(record.listener, record.route) { RouteMetrics(listener: $0, route: $1) }
    let status = (100...599).contains(record.status) ? UInt32(record.status) : 0
    let key = UInt32(errorNumber(record.errorType)) << 16 | status << 4 | KnownMethod.number(method)
    metrics.series.record(key, record.durationNanoseconds)
    metrics.bytesIn &+= record.bytesIn
    metrics.bytesOut &+= record.bytesOut
    if trace.firewall != nil { firewall.count(trace, listener: record.listener, route: record.route) }
    countDecision(trace)
  }

  public func operationEnded(_ record: borrowing OperationRecord, trace: borrowing DecisionTrace) {
    var line = LineWriter(storage)
    LogLine.operation(record, trace, to: &line, date: &date)
    keep(line, id: record.id, decision: trace.verdict != .allow || record.operationClass != .read)

    let metrics = assets.find(protocolName(record.protocol), record.asset) {
      AssetMetrics(protocol: $0, asset: $1 ?? "")
    }
    metrics.series.record(
      OperationClass.number(record.operationClass) << 8 | Verdict.number(trace.verdict), record.durationNanoseconds)
    countDecision(trace)
  }

  public func flowEnded(_ record: borrowing FlowRecord, trace: borrowing DecisionTrace) {
    var line = LineWriter(storage)
    LogLine.flow(record, trace, to: &line, date: &date)
    keep(line, id: record.status.id, decision: trace.verdict != .allow)
    flowsEnded[record.status.kind, default: 0] &+= 1
    flowBytesIn &+= record.status.bytesIn
    flowBytesOut &+= record.status.bytesOut
    countDecision(trace)
  }

  /// Counts a handshake; one that failed also gets a line, `HandshakeLimits.linesPerSecond` at most.
  public func handshakeEnded(_ record: borrowing HandshakeRecord) {
    let now = clock.unixMilliseconds()
    handshakes.count(record, now: now)
    guard let failure = record.failure, let leftOut = handshakes.line(now: now) else { return }
    let began = now &- min(now, record.durationNanoseconds / 1_000_000)
    let id = ExchangeID(unixMilliseconds: began, random: (random.next(), random.next()))
    var line = LineWriter(storage)
    LogLine.handshake(record, failure: failure, id: id, leftOut: leftOut, to: &line, date: &date)
    keepRecent(line)
  }

  public func count(_ counter: LoopCounter) {
    guard counter.rawValue >= 0, counter.rawValue < counters.count else { return }
    counters[counter.rawValue] &+= 1
  }

  /// Whether the record of an industrial operation can be kept now. False once the backlog is full and until the writer
  /// has made room.
  public var canRecordDecisions: Bool { decisionLog.hasRoom(industrial: industrial) }

  // invariant: the pointer is used inside the closure only.
  public func audit(_ line: Span<UInt8>) {
    guard auditLog.isOn else { return }
    guard line.count <= Limits.auditLineBytes else {
      auditLog.drop(lines: 1)
      return
    }
    line.withUnsafeBufferPointer { auditBatch.append(UnsafeRawBufferPointer($0)) }
    auditBatch.bytes.append(0x0a)
    if auditBatch.bytes.count >= LoopRecorder.batchBytes { auditLog.submit(&auditBatch) }
  }

  public func tick(nowUnixMilliseconds: UInt64) {
    if !auditBatch.bytes.isEmpty { auditLog.submit(&auditBatch) }
    if !accessBatch.bytes.isEmpty { accessLog.submit(&accessBatch) }
    if !decisionBatch.bytes.isEmpty { decisionLog.submit(&decisionBatch) }
  }

  // invariant: `line.bytes` is valid as long as `storage`, which lives as long as this recorder; the bytes are copied before
  // the next line is written.
  private func keepRecent(_ line: borrowing LineWriter) {
    let bytes = line.bytes
    ring.append(UnsafeRawBufferPointer(rebasing: bytes.dropLast()))
    guard accessLog.isOn else { return }
    accessBatch.append(bytes)
    if accessBatch.bytes.count >= LoopRecorder.batchBytes { accessLog.submit(&accessBatch) }
  }

  // invariant: as above.
  private func keep(_ line: borrowing LineWriter, id: ExchangeID, decision: Bool) {
    keepRecent(line)
    let bytes = line.bytes
    guard decision || decisionLog.recordsAll, decisionLog.reserve(bytes.count, industrial: industrial) else { return }
    decisionBatch.append(bytes, id: id)
    if decisionBatch.bytes.count >= LoopRecorder.batchBytes { decisionLog.submit(&decisionBatch) }
  }
}

// MARK: Numbers

extension LoopRecorder {
  private func countDecision(_ trace: borrowing DecisionTrace) {
    let verdict = Int(Verdict.number(trace.verdict))
    guard !trace.findings.isEmpty else {
      decisions[verdict] &+= 1
      return
    }
    let wanted = trace.verdict
    let source = trace.findings.first { $0.verdict == wanted }?.source ?? "none"
    let slot = source == "none" ? verdict : (sources.number(source) + 1) * 4 + verdict
    while decisions.count <= slot { decisions.append(0) }
    decisions[slot] &+= 1
  }

  /// 0 for none.
  private func errorNumber(_ type: StaticString?) -> Int {
    guard let type else { return 0 }
    if type.utf8Start == lastErrorAddress { return lastErrorNumber }
    lastErrorAddress = type.utf8Start
    lastErrorNumber = errorTypes.number(type.description) + 1
    return lastErrorNumber
  }

  private func protocolName(_ name: StaticString) -> LogName {
    if let known = protocolNames.first(where: { $0.address == name.utf8Start }) { return known.name }
    let made = LogName(name.description)
    if protocolNames.count < 64 { protocolNames.append((name.utf8Start, made)) }
    return made
  }

  /// What was counted so far.
  ///
  /// - Parameter recent: also copy the recent lines (up to `Limits.recentExchangesBytes`).
  public func snapshot(recent: Bool) -> LoopSnapshot {
    var snapshot = LoopSnapshot()
    for counter in LoopCounter.allCases where counter.rawValue < counters.count {
      snapshot.counters[counter] = counters[counter.rawValue]
    }
    snapshot.routes = routes.all.map { metrics in
      LoopSnapshot.Route(
        listener: metrics.listener, route: metrics.route, bytesIn: metrics.bytesIn, bytesOut: metrics.bytesOut,
        series: zip(metrics.series.keys, metrics.series.histograms).map { series(key: $0, histogram: $1) })
    }
    for metrics in assets.all {
      for (key, histogram) in zip(metrics.series.keys, metrics.series.histograms) {
        snapshot.operations.append(
          LoopSnapshot.Operations(
            protocol: metrics.protocol, asset: metrics.asset,
            operationClass: OperationClass.named(key >> 8)?.rawValue ?? "_OTHER",
            verdict: Verdict.named(key & 0xff)?.rawValue ?? "_OTHER", histogram: histogram))
      }
    }
    for (slot, count) in decisions.enumerated() where count > 0 {
      guard let verdict = Verdict.named(UInt32(slot % 4)) else { continue }
      let source = slot < 4 ? "none" : sources.texts[slot / 4 - 1]
      snapshot.decisions.append(LoopSnapshot.Decisions(verdict: verdict, source: source, count: count))
    }
    snapshot.flowsEnded = flowsEnded
    snapshot.flowBytesIn = flowBytesIn
    snapshot.flowBytesOut = flowBytesOut
    handshakes.write(to: &snapshot)
    snapshot.firewall = firewall.snapshot
    if recent { (snapshot.recentBytes, snapshot.recentFirstSequence) = ring.copy() }
    return snapshot
  }

  private func series(key: UInt32, histogram: Histogram) -> LoopSnapshot.Series {
    guard key != SeriesTable.overflowKey else {
      return LoopSnapshot.Series(method: "_OTHER", status: "_OTHER", errorType: nil, histogram: histogram)
    }
    let status = Int(key >> 4 & 0xfff)
    let error = Int(key >> 16)
    return LoopSnapshot.Series(
      method: KnownMethod.name(key & 0xf), status: status == 0 ? nil : String(status),
      errorType: error == 0 || error > errorTypes.texts.count ? nil : errorTypes.texts[error - 1], histogram: histogram)
  }
}

/// The methods that metrics name; every other one is `_OTHER`.
enum KnownMethod {
  private static let names = [
    "_OTHER", "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
  ]

  static func name(_ number: UInt32) -> String { number < names.count ? names[Int(number)] : names[0] }

  /// Reads up to seven letters as one word, which tells the methods apart.
  static func number(_ method: Span<UInt8>) -> UInt32 {
    guard method.count >= 3, method.count <= 7 else { return 0 }
    var word: UInt64 = 0
    for index in method.indices { word = word << 8 | UInt64(method[index]) }
    switch word {
    case 0x47_4554: return 1
    case 0x4845_4144: return 2
    case 0x504f_5354: return 3
    case 0x50_5554: return 4
    case 0x4445_4c45_5445: return 5
    case 0x43_4f4e_4e45_4354: return 6
    case 0x4f_5054_494f_4e53: return 7
    case 0x54_5241_4345: return 8
    case 0x50_4154_4348: return 9
    default: return 0
    }
  }
}

extension Verdict {
  static func number(_ verdict: Verdict) -> UInt32 {
    switch verdict {
    case .allow: 0
    case .block: 1
    case .challenge: 2
    case .detect: 3
    }
  }

  static func named(_ number: UInt32) -> Verdict? { allCases.first { Self.number($0) == number } }
}

extension OperationClass {
  static func number(_ value: OperationClass) -> UInt32 {
    switch value {
    case .read: 0
    case .write: 1
    case .control: 2
    case .program: 3
    case .config: 4
    case .diagnostic: 5
    case .discovery: 6
    case .session: 7
    case .file: 8
    case .event: 9
    case .unknown: 10
    }
  }

  static func named(_ number: UInt32) -> OperationClass? { allCases.first { Self.number($0) == number } }
}
