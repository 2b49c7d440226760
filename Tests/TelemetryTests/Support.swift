import Foundation
import Glibc
import SluiceModel
import Synchronization

import Telemetry

/// A directory that is removed with its contents at the end of the test.
final class Scratch {
  let path: String

  init() {
    path = FileManager.default.temporaryDirectory.path + "/sluice-telemetry-" + UUID().uuidString
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  var accessPath: String { path + "/logs/access.jsonl" }
  var decisions: String { path + "/logs/decisions" }

  func configuration(access: Bool = true, record: DecisionLogRecording = .notable) -> LogsConfiguration {
    var logs = LogsConfiguration()
    logs.access = access ? .file(path: accessPath) : .off
    logs.decisions.directory = decisions
    logs.decisions.record = record
    return logs
  }

  func text(_ path: String) -> String {
    (try? Data(contentsOf: URL(fileURLWithPath: path))).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  func lines(_ path: String) -> [String] { text(path).split(separator: "\n").map(String.init) }

  func segments() -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: decisions)) ?? []
    return names.compactMap { SegmentName(fileName: $0) }.sorted().map { $0.logPath(in: decisions) }
  }
}

/// Time that only the test moves.
final class ManualClock: Sendable {
  static let start: UInt64 = 1_764_000_000_000
  private let passed = Atomic<UInt64>(0)

  func advance(milliseconds: UInt64) { passed.add(milliseconds, ordering: .sequentiallyConsistent) }

  var now: UInt64 { ManualClock.start + passed.load(ordering: .sequentiallyConsistent) }

  var clock: TelemetryClock {
    TelemetryClock(unixMilliseconds: { self.now }, monotonicMilliseconds: { self.now })
  }
}

/// The real file system until told to fail: after some more bytes, or at once, writes fail with an error code.
final class FaultyFiles: FileAccess {
  struct Fault {
    var code: Int32
    var bytesLeft: Int
    var suffix: String
  }

  private let fault = Mutex<Fault?>(nil)
  private let real = SystemFiles()

  /// Writes to files whose name ends in `suffix` fail after `bytes` more bytes.
  func fail(_ code: Int32, after bytes: Int = 0, suffix: String = "") {
    fault.withLock { $0 = Fault(code: code, bytesLeft: bytes, suffix: suffix) }
  }

  func heal() { fault.withLock { $0 = nil } }

  /// How many of the bytes may be written now; nil for all of them.
  fileprivate func allowance(_ bytes: Int, path: String) throws(FileError) -> Int {
    let (allowed, code): (Int, Int32?) = fault.withLock { fault in
      guard let current = fault, path.hasSuffix(current.suffix) else { return (bytes, nil) }
      let allowed = min(bytes, current.bytesLeft)
      fault?.bytesLeft -= allowed
      return (allowed, allowed == 0 ? current.code : nil)
    }
    if let code { throw FileError(action: "write", path: path, code: code) }
    return allowed
  }

  func makeDirectories(_ path: String) throws(FileError) { try real.makeDirectories(path) }

  func open(_ path: String, _ mode: OpenMode) throws(FileError) -> any LogFile {
    FaultyFile(file: try real.open(path, mode), path: path, faults: self)
  }

  func standardOutput() -> any LogFile { real.standardOutput() }
  func names(in directory: String) throws(FileError) -> [String] { try real.names(in: directory) }
  func size(of path: String) -> Int? { real.size(of: path) }
  func remove(_ path: String) throws(FileError) { try real.remove(path) }
}

private final class FaultyFile: LogFile {
  let file: any LogFile
  let path: String
  let faults: FaultyFiles

  init(file: any LogFile, path: String, faults: FaultyFiles) {
    self.file = file
    self.path = path
    self.faults = faults
  }

  func write(_ bytes: Span<UInt8>) throws(FileError) -> Int {
    try file.write(bytes.extracting(first: try faults.allowance(bytes.count, path: path)))
  }

  func read(at offset: Int, count: Int) throws(FileError) -> [UInt8] { try file.read(at: offset, count: count) }
  func size() throws(FileError) -> Int { try file.size() }
  func truncate(to size: Int) throws(FileError) { try file.truncate(to: size) }
  func sync() throws(FileError) { try file.sync() }
  func lock() -> Bool { file.lock() }
  func isAtItsPath() -> Bool { file.isAtItsPath() }
}

/// SplitMix64, so that a failing run can be repeated from its seed.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}

let webName = LogName("web")
let routeName = LogName("historian-api")
let pressName = LogName("press-1")

func makeID(_ number: Int, at time: UInt64 = ManualClock.start) -> ExchangeID {
  ExchangeID(unixMilliseconds: time, random: (UInt64(number) >> 32, UInt64(number)))
}

func exchange(
  _ id: ExchangeID, status: Int = 200, route: LogName? = routeName, error: StaticString? = nil,
  durationNanoseconds: UInt64 = 1_234_567, client: IPAddress = IPAddress(v4: 0x0a00_0105)
) -> ExchangeRecord {
  ExchangeRecord(
    id: id, startUnixMilliseconds: id.unixMilliseconds, durationNanoseconds: durationNanoseconds, listener: webName,
    route: route, upstream: LogName("10.0.2.10:8080"), client: client, status: status, bytesIn: 100, bytesOut: 2000,
    errorType: error)
}

func operation(
  _ id: ExchangeID, _ operationClass: OperationClass, values: String? = nil, asset: LogName = pressName
) -> OperationRecord {
  OperationRecord(
    id: id, startUnixMilliseconds: id.unixMilliseconds, durationNanoseconds: 5_000_000, listener: LogName("press-gate"),
    asset: asset, client: IPAddress(v4: 0x0a00_0106), protocol: "modbus", unit: 1,
    function: operationClass == .read ? 3 : 6,
    functionName: operationClass == .read ? "ReadHoldingRegisters" : "WriteSingleRegister",
    operationClass: operationClass, target: "holding-register 100", values: values, exception: nil, bytesIn: 12,
    bytesOut: 12)
}

func blocked(_ matched: String? = nil) -> DecisionTrace {
  var trace = DecisionTrace()
  trace.record(
    Finding(source: "addresses", rule: "deny[0]", verdict: .block, reason: "the address is denied", matched: matched))
  return trace
}

extension LoopRecorder {
  func exchangeEnded(
    _ record: ExchangeRecord, _ trace: DecisionTrace = DecisionTrace(), method: [UInt8] = Array("GET".utf8),
    host: [UInt8] = Array("historian.example".utf8), path: [UInt8] = Array("/api/series".utf8)
  ) {
    exchangeEnded(record, trace: trace, method: method.span, host: host.span, path: path.span)
  }

  var lastLine: String { snapshot(recent: true).recent.last?.json ?? "" }
}

func event(_ json: String) throws -> LogEvent { try JSONDecoder().decode(LogEvent.self, from: Data(json.utf8)) }

func peerIdentity(_ subject: String = "CN=panel-7", spiffeID: String? = nil) -> PeerIdentity {
  PeerIdentity(
    subject: subject, issuer: "CN=plant", serialNumber: "1f", spiffeID: spiffeID, fingerprint: "ab", notBefore: 0,
    notAfter: 1)
}

func facts(
  _ version: TLSVersion = .tls13, _ group: TLSGroup? = .x25519MLKEM768, cipher: UInt16 = 0x1301, resumed: Bool = false,
  retried: Bool = false, name: String? = "plant.example", ja4: String? = "t13d1516h2_8daaf6152771_02713d6af862",
  peer: PeerIdentity? = nil
) -> TLSFacts {
  TLSFacts(
    version: version, cipher: TLSCipherSuite(rawValue: cipher), group: group, isResumed: resumed, wasRetried: retried,
    serverName: name, applicationProtocol: "h2", ja4: ja4, peer: peer)
}

func handshake(
  _ facts: TLSFacts?, leg: TLSLeg = .client, place: LogName = webName, endpoint: LogName? = nil,
  peer: IPAddress = IPAddress(v4: 0x0a00_0105), failure: StaticString? = nil, detail: String? = nil,
  milliseconds: UInt64 = 3
) -> HandshakeRecord {
  HandshakeRecord(
    leg: leg, place: place, endpoint: endpoint, peer: peer, facts: facts, failure: failure, detail: detail,
    durationNanoseconds: milliseconds * 1_000_000)
}
