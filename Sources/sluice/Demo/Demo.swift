import ArgumentParser
import Dispatch
import Glibc
import NIOCore
import NIOPosix

/// `sluice demo`: a web app, an API, a line feed and a simulated PLC as loopback peers behind a real gate.
struct Demo: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "A self-contained tour: a web app, an API and a simulated PLC behind the gate, with commands to try.",
    discussion: """
      Starts the peers and `sluice run` on loopback ports, tells what to open and what to try, and shows one refused \
      request and one refused Modbus write with the reason. It runs until Ctrl-C, then stops everything and removes what \
      it made.

      With --only it runs a single peer in the foreground and prints one JSON line {"event":"ready",…} when it serves, \
      so that you can put a gate of your own in front.
      """)

  enum Peer: String, ExpressibleByArgument, CaseIterable {
    case web, api, plc, feed
  }

  @Option(help: "First of three ports: web, line feed, Modbus. Default: 8080, 8081 and 1502, or free ones.")
  var portBase: Int?

  @Option(help: "Where configuration, logs and socket go. Default: a temporary directory that is removed at the end.")
  var directory: String?

  @Flag(help: "Keep the temporary directory.")
  var keep = false

  @Option(help: "Run only this peer, in the foreground.")
  var only: Peer?

  @Option(help: "Port of the peer that runs alone; 0 takes a free one.")
  var port = 0

  @Option(help: "Edition that a web peer shows when it runs alone.")
  var edition = "current"

  func validate() throws {
    if let portBase, !(1...65_533).contains(portBase) {
      throw ValidationError("`--port-base \(portBase)` leaves no room for three ports; take one of 1-65533")
    }
    guard (0...65_535).contains(port) else {
      throw ValidationError("`--port \(port)` is no port; take one of 0-65535")
    }
    if only == nil, port != 0 { throw ValidationError("`--port` goes with `--only`; the tour takes `--port-base`") }
    if only != nil, portBase != nil {
      throw ValidationError("`--port-base` is for the whole tour; `--only` takes `--port`")
    }
  }

  func run() async throws {
    signal(SIGPIPE, SIG_IGN)
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    do {
      let peers = DemoPeers(group: group, plc: SharedPLC())
      if let only {
        try await runAlone(only, peers)
      } else {
        let tour = try DemoTour(portBase: portBase, directory: directory, keep: keep, peers: peers)
        try await tour.run()
      }
      try await group.shutdownGracefully()
    } catch let failure as DemoFailure {
      try await group.shutdownGracefully()
      complain("sluice demo: \(failure)")
      throw ExitCode(1)
    }
  }

  private func runAlone(_ peer: Peer, _ peers: DemoPeers) async throws {
    var stops = StopSignals().stream.makeAsyncIterator()
    let channel: any Channel
    do {
      switch peer {
      case .web: channel = try await peers.startSite(.web(edition: edition), port: port)
      case .api: channel = try await peers.startSite(.api, port: port)
      case .feed: channel = try await peers.startFeed(port: port)
      case .plc:
        let log = try directory.map { try PLCLog(path: $0 + "/plc.log") }
        channel = try await peers.startPLC(port: port, log: log)
      }
    } catch let error as IOError {
      throw DemoFailure("can't listen on `127.0.0.1:\(port)`: \(errorText(error.errnoCode))")
    }
    say(#"{"event":"ready","peer":"\#(peer.rawValue)","address":"127.0.0.1:\#(channel.localAddress?.port ?? 0)"}"#)
    _ = await stops.next()
    try await channel.close()
  }
}

/// SIGINT, SIGTERM and SIGHUP as a stream, instead of what they do by default.
struct StopSignals: Sendable {
  let stream: AsyncStream<Int32>

  init() {
    let (stream, continuation) = AsyncStream.makeStream(of: Int32.self)
    self.stream = stream
    let sources = [SIGINT, SIGTERM, SIGHUP].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { continuation.yield(number) }
      source.resume()
      return SendableSource(source: source)
    }
    continuation.onTermination = { _ in for source in sources { source.cancel() } }
  }

  // invariant: Dispatch sources may be cancelled from any thread; the Linux overlay does not say so.
  private struct SendableSource: @unchecked Sendable {
    let source: any DispatchSourceSignal
    func cancel() { source.cancel() }
  }
}

/// Writes a line to standard output at once.
func say(_ line: String) { writeLine(line, STDOUT_FILENO) }

/// Writes a line to standard error.
func complain(_ line: String) { writeLine(line, STDERR_FILENO) }

private func writeLine(_ line: String, _ descriptor: Int32) {
  var rest = ArraySlice(Array(line.utf8) + [0x0a])
  while !rest.isEmpty {
    let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    if count < 0, errno == EINTR { continue }
    guard count > 0 else { return }
    rest = rest.dropFirst(count)
  }
}
