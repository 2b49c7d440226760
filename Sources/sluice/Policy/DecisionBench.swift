import Cedar
import Glibc

/// Decides requests through one frame, as an event loop does.
struct DecisionBench {
  /// What a request is made of: ranges of the common bytes, and handles.
  private struct Prepared {
    var principalType: EntityTypeID
    var principal: Range<Int>
    var action: EntityID?
    var actionType: EntityTypeID
    var actionName: Range<Int>
    var resourceType: EntityTypeID
    var resource: Range<Int>
    var fields: Range<Int>
  }

  private enum Field {
    case bool(AttributeID, Bool)
    case long(AttributeID, Int64)
    case string(AttributeID, Range<Int>)
    case datetime(AttributeID, Datetime)
    case duration(AttributeID, TimeSpan)
    case ip(AttributeID, IPNetwork)
    case entity(AttributeID, EntityTypeID, Range<Int>)
  }

  /// What `sluice policy bench` prints.
  struct Report: Encodable {
    var policies: Int
    var entities: Int
    var requests: Int
    var decisions = 0
    /// CPU time, with putting the request together.
    var nanosecondsPerDecision = 0.0
    /// The part of it that putting the request together takes.
    var nanosecondsToPrepare = 0.0
    /// Calls of malloc and its like after a first round; nil when nothing counts them.
    var allocationsPerDecision: Double?
    var allowed = 0
    /// CPU time to read and compile policies and entities.
    var loadMilliseconds = 0.0
    /// Resident memory at its most.
    var peakMiB = 0.0
    /// Of each request: `+` or `-`, and the policies that decided, sorted.
    var answers: [String] = []
  }

  private let engine: PolicyEngine
  private let frame = RequestFrame()
  private var bytes: [UInt8] = []
  private var fields: [Field] = []
  private var prepared: [Prepared] = []

  /// Context values of other types than the data path has are left out: sets, records and decimals.
  init(_ engine: PolicyEngine, _ requests: [Request]) {
    self.engine = engine
    for request in requests {
      let first = fields.count
      for (name, value) in request.context.sorted(by: { $0.key < $1.key }) {
        if let field = field(engine.attributeID(name), value) { fields.append(field) }
      }
      prepared.append(
        Prepared(
          principalType: engine.entityTypeID(request.principal.type), principal: add(request.principal.id),
          action: engine.entityID(request.action), actionType: engine.entityTypeID(request.action.type),
          actionName: add(request.action.id), resourceType: engine.entityTypeID(request.resource.type),
          resource: add(request.resource.id), fields: first..<fields.count))
    }
  }

  private mutating func add(_ text: String) -> Range<Int> {
    let start = bytes.count
    bytes += text.utf8
    return start..<bytes.count
  }

  private mutating func field(_ name: AttributeID, _ value: Value) -> Field? {
    switch value {
    case .bool(let value): .bool(name, value)
    case .long(let value): .long(name, value)
    case .string(let text): .string(name, add(text))
    case .datetime(let value): .datetime(name, value)
    case .duration(let value): .duration(name, value)
    case .ip(let value): .ip(name, value)
    case .entity(let uid): .entity(name, engine.entityTypeID(uid.type), add(uid.id))
    case .set, .record, .decimal: nil
    }
  }

  mutating func run(seconds: Double, decisions: Int?, loadNanoseconds: UInt64) -> Report {
    var report = Report(policies: engine.policies.count, entities: engine.entities.count, requests: prepared.count)
    report.loadMilliseconds = Double(loadNanoseconds) / 1e6
    guard !prepared.isEmpty else { return report }
    for request in prepared {
      let isAllowed = decide(request)
      report.allowed += isAllowed ? 1 : 0
      let reasons = frame.reasons.map { engine.policies[Int($0)].id.text }.sorted()
      report.answers.append((isAllowed ? "+" : "-") + reasons.joined(separator: " "))
    }
    for _ in 0..<3 { round() }
    let counted = BenchCounters.allocations
    BenchCounters.mark()
    let (spent, count) = decisions.map { measure($0) } ?? measure(seconds) { round() }
    BenchCounters.mark()
    if let counted, let now = BenchCounters.allocations {
      report.allocationsPerDecision = Double(now - counted) / Double(count)
    }
    report.decisions = count
    report.nanosecondsPerDecision = Double(spent) / Double(count)
    var usage = rusage()
    getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
    report.peakMiB = Double(usage.ru_maxrss) / 1024
    guard decisions == nil else { return report }
    let (preparing, times) = measure(seconds / 4) { prepareRound() }
    report.nanosecondsToPrepare = Double(preparing) / Double(times)
    return report
  }

  /// Whole rounds of all requests, until the CPU time has passed.
  private func measure(_ seconds: Double, _ round: () -> Void) -> (nanoseconds: UInt64, count: Int) {
    let limit = UInt64(seconds * 1e9)
    let start = BenchClock.nanoseconds
    var count = 0
    var spent: UInt64 = 0
    repeat {
      round()
      count += prepared.count
      spent = BenchClock.nanoseconds - start
    } while spent < limit
    return (spent, count)
  }

  /// So many decisions, of the requests in turn.
  private func measure(_ decisions: Int) -> (nanoseconds: UInt64, count: Int) {
    let start = BenchClock.nanoseconds
    for number in 0..<decisions { decide(prepared[number % prepared.count]) }
    return (BenchClock.nanoseconds - start, decisions)
  }

  private func round() {
    for request in prepared { decide(request) }
  }

  private func prepareRound() {
    for request in prepared { prepare(request) }
  }

  @discardableResult
  private func decide(_ request: Prepared) -> Bool {
    prepare(request)
    return engine.decide(frame)
  }

  private func prepare(_ request: Prepared) {
    let bytes = bytes.span
    frame.begin(engine)
    frame.principal = frame.entity(request.principalType, id: bytes.extracting(request.principal))
    frame.action = request.action ?? frame.entity(request.actionType, id: bytes.extracting(request.actionName))
    frame.resource = frame.entity(request.resourceType, id: bytes.extracting(request.resource))
    for index in request.fields {
      switch fields[index] {
      case .bool(let name, let value): frame.set(name, bool: value)
      case .long(let name, let value): frame.set(name, long: value)
      case .string(let name, let range): frame.set(name, string: bytes.extracting(range))
      case .datetime(let name, let value): frame.set(name, datetime: value)
      case .duration(let name, let value): frame.set(name, duration: value)
      case .ip(let name, let value): frame.set(name, ip: value)
      case .entity(let name, let type, let range):
        frame.set(name, entity: frame.entity(type, id: bytes.extracting(range)))
      }
    }
  }
}

/// CPU time of this thread.
enum BenchClock {
  static var nanoseconds: UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return UInt64(clamping: time.tv_sec) * 1_000_000_000 + UInt64(clamping: time.tv_nsec)
  }
}

/// The library of Benchmarks/cedar/counters.c, when it is preloaded.
private enum BenchCounters {
  private typealias Count = @convention(c) () -> UInt64
  private typealias Mark = @convention(c) () -> Void

  // invariant: the symbols are those of Benchmarks/cedar/counters.c: functions without arguments, of these types.
  private static let function: Count? = dlsym(nil, "bench_allocations").map { unsafeBitCast($0, to: Count.self) }
  // invariant: as above.
  private static let marker: Mark? = dlsym(nil, "bench_mark").map { unsafeBitCast($0, to: Mark.self) }

  /// Calls of malloc and its like so far.
  static var allocations: UInt64? { function?() }

  /// Where what is counted by instructions begins and ends.
  static func mark() { marker?() }
}
