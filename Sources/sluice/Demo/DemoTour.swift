import FoundationEssentials
import Glibc
import NIOCore

/// The tour: peers, a gate in front of them as a child process, and the text that leads through it.
final class DemoTour: Sendable {
  /// Time that the gate has to serve, and to stop.
  private static let patience: Duration = .seconds(20)

  private enum Event: Sendable {
    case line(String)
    case gateEnded(Int32)
    case stop
    case timeIsOver
  }

  let ports: TourPorts
  /// Where configuration, logs and socket are; absolute.
  let directory: String
  private let removesDirectory: Bool
  private let peers: DemoPeers

  /// Chooses ports and makes the directory.
  ///
  /// - Throws: `DemoFailure` when a wanted port is taken or the directory can't be made.
  init(portBase: Int?, directory: String?, keep: Bool, peers: DemoPeers) throws {
    ports = try TourPorts(base: portBase)
    self.peers = peers
    removesDirectory = directory == nil && !keep
    self.directory = try directory.map(DemoTour.prepared) ?? DemoTour.temporaryDirectory()
    guard (self.directory + "/admin.sock").utf8.count < 108 else {
      throw DemoFailure("`\(self.directory)` is too long for a Unix socket; take a shorter --directory")
    }
  }

  /// Runs the tour until a stop signal, or until the gate ends by itself.
  ///
  /// - Throws: `DemoFailure` when peers or gate don't start, or when the gate ended unasked.
  func run() async throws {
    defer { cleanUp() }
    let (events, continuation) = AsyncStream.makeStream(of: Event.self)
    let signals = Task { for await _ in StopSignals().stream { continuation.yield(.stop) } }
    defer { signals.cancel() }
    var iterator = events.makeAsyncIterator()

    let environment = try await startPeers()
    try write(demoConfiguration, to: "sluice.yaml")
    let gate = try ChildProcess(
      ["/proc/self/exe", "run", "-c", directory + "/sluice.yaml"], environment: environment,
      errorsPath: directory + "/gate.log")
    gate.follow {
      continuation.yield(.line($0))
    } ended: {
      continuation.yield(.gateEnded($0))
    }

    var alarm = after(DemoTour.patience) { continuation.yield(.timeIsOver) }
    var stopping = false
    var served = false
    events: while let event = await iterator.next() {
      switch event {
      case .line(let line):
        guard !served, !stopping, isReadyLine(line) else { continue }
        served = true
        alarm.cancel()
        await show(gate: gate)
      case .stop:
        alarm.cancel()
        say(stopping ? "stopping now" : "\nstopping: the gate finishes what is under way (again to stop at once)")
        gate.signal(stopping ? SIGKILL : SIGTERM)
        stopping = true
        alarm = after(DemoTour.patience) { continuation.yield(.timeIsOver) }
      case .timeIsOver:
        gate.signal(SIGKILL)
        if !stopping { throw await gateFailure("the gate did not serve within \(DemoTour.patience)", &iterator) }
      case .gateEnded(let status):
        alarm.cancel()
        if !stopping { throw DemoFailure("the gate ended with status \(status)\(gateLogTail())") }
        break events
      }
    }
    say("stopped")
  }

  private func gateFailure(
    _ reason: String, _ events: inout AsyncStream<Event>.AsyncIterator
  ) async -> DemoFailure {
    while let event = await events.next() {
      if case .gateEnded = event { break }
    }
    return DemoFailure(reason + gateLogTail())
  }

  /// Starts all peers on free ports and returns the environment that leads the configuration to them.
  private func startPeers() async throws -> [String: String] {
    var environment = ["SLUICE_DEMO_DIRECTORY": directory]
    environment["SLUICE_DEMO_WEB_PORT"] = String(ports.web)
    environment["SLUICE_DEMO_FEED_PORT"] = String(ports.feed)
    environment["SLUICE_DEMO_MODBUS_PORT"] = String(ports.modbus)
    let log = try PLCLog(path: directory + "/plc.log")
    let channels = try await [
      "WEB": peers.startSite(.web(edition: "current"), port: 0),
      "NEXT": peers.startSite(.web(edition: "next"), port: 0),
      "API": peers.startSite(.api, port: 0),
      "FEED": peers.startFeed(port: 0),
      "PLC": peers.startPLC(port: 0, log: log),
    ]
    for (name, channel) in channels {
      environment["SLUICE_DEMO_\(name)_PEER"] = String(channel.localAddress?.port ?? 0)
    }
    return environment
  }

  /// Does the two refused requests, then prints the whole guide.
  private func show(gate: ChildProcess) async {
    let guide = TourGuide(ports: ports, directory: directory, gatePid: gate.pid, removesDirectory: removesDirectory)
    say(guide.welcome())
    let findings = await TourFindings.collect(ports: ports, directory: directory)
    say(guide.evidence(findings))
    if let id = findings.modbusID ?? findings.httpID { say(guide.explanation(id: id, text: await explain(id))) }
    say(guide.farewell())
  }

  private func explain(_ id: String) async -> String {
    let arguments = ["/proc/self/exe", "explain", id, "--admin", "unix:\(directory)/admin.sock"]
    guard let child = try? ChildProcess(arguments, errorsPath: directory + "/gate.log") else { return "" }
    return await child.finish().output
  }

  private func isReadyLine(_ line: String) -> Bool {
    struct Line: Decodable { var event: String }
    return (try? JSONDecoder().decode(Line.self, from: Data(line.utf8)))?.event == "ready"
  }

  private func after(_ time: Duration, _ body: @escaping @Sendable () -> Void) -> Task<Void, Never> {
    Task {
      do { try await Task.sleep(for: time) } catch { return }
      body()
    }
  }

  private func write(_ text: String, to name: String) throws {
    do {
      try Data(text.utf8).write(to: URL(filePath: directory + "/" + name))
    } catch {
      throw DemoFailure("can't write `\(directory)/\(name)`")
    }
  }

  private func gateLogTail() -> String {
    guard let data = FileManager.default.contents(atPath: directory + "/gate.log"), !data.isEmpty else { return "" }
    let lines = String(decoding: data.suffix(4096), as: UTF8.self).split(separator: "\n").suffix(10)
    return "; it said:\n" + lines.map { "  " + $0 }.joined(separator: "\n")
  }

  private func cleanUp() {
    guard removesDirectory else { return say("kept \(directory)") }
    do {
      try FileManager.default.removeItem(atPath: directory)
      say("removed \(directory)")
    } catch {
      complain("sluice demo: can't remove `\(directory)`")
    }
  }

  private static func prepared(_ path: String) throws -> String {
    let absolute = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    do {
      try FileManager.default.createDirectory(atPath: absolute, withIntermediateDirectories: true)
    } catch {
      throw DemoFailure("can't make the directory `\(path)`")
    }
    return absolute
  }

  private static func temporaryDirectory() throws -> String {
    let base = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
    var template = Array((base + "/sluice-demo-XXXXXX").utf8CString)
    guard mkdtemp(&template) != nil else {
      throw DemoFailure("can't make a directory in `\(base)`: \(lastErrorText())")
    }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

/// The three ports of the gate.
struct TourPorts: Equatable, Sendable {
  var web: Int
  var feed: Int
  var modbus: Int

  /// Takes `base` and the next two, or the usual ones where they are free and others where not.
  ///
  /// - Throws: `DemoFailure` when a port that was asked for is taken.
  init(base: Int?) throws {
    if let base {
      for port in base..<base + 3 where !LoopbackPort.isFree(port) {
        throw DemoFailure("port `\(port)` is taken or not permitted; take another --port-base or leave it out")
      }
      (web, feed, modbus) = (base, base + 1, base + 2)
    } else {
      web = try TourPorts.usual(8080, "web")
      feed = try TourPorts.usual(8081, "line feed")
      modbus = try TourPorts.usual(1502, "Modbus")
    }
  }

  private static func usual(_ port: Int, _ name: String) throws -> Int {
    if LoopbackPort.isFree(port) { return port }
    let other = try LoopbackPort.free()
    say("port \(port) is taken, \(name) takes \(other) instead")
    return other
  }
}
