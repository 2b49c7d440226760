import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import SluiceModel
import Synchronization
import Telemetry

/// The live tap: server-sent events of exchanges as they end.
///
/// Nothing is queued for a client: the rings are read when it can take more, so a slow one costs no memory and misses
/// lines, which a `gap` event counts.
///
///     id: 17.4
///     event: exchange
///     data: {"id":"…","verdict":"block",…}
///
///     id: 90.4
///     event: gap
///     data: {"missed":73}
struct ExchangeStream: Sendable {
  let gateway: any GatewayControl
  let state: AdminState
  let filter: ExchangeFilter
  /// Where to go on, from `Last-Event-ID`; nil starts with what ends from now on.
  let resume: TapCursor?

  /// - Throws: `Problem` with status 503 when there are too many taps.
  func response() async throws -> Response {
    guard state.beginStream() else {
      throw Problem(
        "too-many-taps", status: 503, title: "there are too many live taps",
        detail: "at most \(AdminLimits.streams) at a time")
    }
    let lease = StreamLease(state)
    let start: TapCursor
    if let resume { start = resume } else { start = TapCursor(after: await rings()) }
    return Response(
      status: .ok, headers: [.contentType: "text/event-stream"],
      body: ResponseBody { writer in
        defer { lease.end() }
        try await run(from: start, to: &writer)
        try await writer.finish(nil)
      })
  }

  private func rings() async -> [[RecentLine]] {
    await gateway.snapshots(recent: true).map(\.recent)
  }

  private func run(from start: TapCursor, to writer: inout any ResponseBodyWriter) async throws {
    var cursor = start
    try await writer.write(ByteBuffer(string: "retry: 1000\nid: \(cursor)\n: sluice tap\n\n"))
    var silentSince = ContinuousClock.now
    while !Task.isCancelled, !Task.isShuttingDownGracefully {
      let (lines, missed) = cursor.advance(await rings())
      let text = Self.events(lines.filter(filter.matches), missed: missed, cursor: cursor)
      if text.readableBytes > 0 {
        try await writer.write(text)
        silentSince = .now
      } else if ContinuousClock.now - silentSince >= AdminLimits.tapKeepAlive {
        try await writer.write(ByteBuffer(string: ": still here\n\n"))
        silentSince = .now
      }
      try await Task.sleep(for: AdminLimits.tapInterval)
    }
  }

  /// The events of one look at the rings. Only the last carries the cursor, so a client that is cut off in the middle sees
  /// lines twice rather than never.
  static func events(_ lines: [RecentLine], missed: UInt64, cursor: TapCursor) -> ByteBuffer {
    var buffer = ByteBuffer()
    if missed > 0 {
      if lines.isEmpty { buffer.writeString("id: \(cursor)\n") }
      buffer.writeString("event: gap\ndata: {\"missed\":\(missed)}\n\n")
    }
    for (index, line) in lines.enumerated() {
      if index == lines.count - 1 { buffer.writeString("id: \(cursor)\n") }
      buffer.writeString("event: exchange\ndata: ")
      buffer.writeString(line.json)
      buffer.writeString("\n\n")
    }
    return buffer
  }
}

/// Gives a tap's place back once, also when the reply is dropped before its body runs (HEAD).
private final class StreamLease: Sendable {
  private let state: AdminState
  private let ended = Atomic(false)

  init(_ state: AdminState) { self.state = state }

  func end() {
    if !ended.exchange(true, ordering: .relaxed) { state.endStream() }
  }

  deinit { end() }
}
