import NIOCore
import SluiceModel

/// What one event loop owns: configuration, pools, filters, timers, flows. Touched on that loop only.
final class Loop {
  let index: Int
  let eventLoop: any EventLoop
  let observer: any LoopObserver
  let wheel: DeadlineWheel
  let flows: FlowTable
  let challenges: ChallengeTable
  let workers: WorkerPool
  /// What filters of one kind share on this loop.
  let shared = LoopValues()
  /// The configuration in force for new exchanges.
  var runtime: LoopRuntime
  /// The devices of industrial listeners whose home this loop is.
  private(set) var devices: [String: ModbusDevice] = [:]
  private(set) var isDraining = false
  /// Open client connections by identity, so that a drain and a stop reach them.
  var connections: [ObjectIdentifier: any LoopConnection] = [:]
  /// Bytes being put together for one write.
  var scratch: [UInt8] = []
  var hostScratch: [UInt8] = []

  private var exchanges: [Exchange] = []
  private var spareBuffers: [ByteBuffer] = []
  /// Buffers that may hold what waits to be sent.
  private var lentBuffers: [ByteBuffer] = []
  /// The connections that have written something since the last flush.
  private var unsent: [ChannelHandlerContext] = []
  /// An empty list whose memory serves again.
  private var sending: [ChannelHandlerContext] = []
  private var isFlushScheduled = false
  private var ids: IDGenerator
  private let wallClockOffsetMilliseconds: Int64
  private var ticker: RepeatedTask?
  private(set) var date = HTTPDate()

  /// - Parameters:
  ///   - wallClockMilliseconds: the time since the Unix epoch now.
  ///   - seed: where the loop's exchange ids start.
  init(
    index: Int, eventLoop: any EventLoop, observer: any LoopObserver, snapshot: GatewaySnapshot,
    challenges: ChallengeTable, workers: WorkerPool, makeFilter: FilterFactory, wallClockMilliseconds: UInt64,
    seed: (UInt64, UInt64)
  ) {
    self.index = index
    self.eventLoop = eventLoop
    self.observer = observer
    self.challenges = challenges
    self.workers = workers
    runtime = LoopRuntime(snapshot)
    let now = NIODeadline.now().uptimeNanoseconds
    wheel = DeadlineWheel(nowNanoseconds: now)
    flows = FlowTable()
    ids = IDGenerator(seed: seed)
    wallClockOffsetMilliseconds = Int64(wallClockMilliseconds) - Int64(now / 1_000_000)
    scratch.reserveCapacity(4_096)
    date.update(unixSeconds: wallClockMilliseconds / 1_000)
    adopt(LoopRuntime(snapshot, loop: self, previous: nil, makeFilter: makeFilter))
  }

  /// Makes a configuration the one for new exchanges.
  func adopt(_ next: LoopRuntime) {
    let previous = runtime
    runtime = next
    previous.retire(keeping: next)
    var kept: [String: ModbusDevice] = [:]
    for (asset, tls) in zip(next.snapshot.configuration.assets, next.snapshot.assetTLS) where asset.protocol == .modbus
    {
      if let device = devices[asset.name] {
        device.update(asset, tls: tls)
        kept[asset.name] = device
      } else {
        kept[asset.name] = ModbusDevice(asset, tls: tls, loop: self)
      }
    }
    for (name, device) in devices where kept[name] == nil { device.retire() }
    devices = kept
  }

  /// No new exchanges: idle connections close, the others after the exchange under way.
  func drain() {
    isDraining = true
    for connection in Array(connections.values) { connection.drain() }
  }

  var nowNanoseconds: UInt64 { NIODeadline.now().uptimeNanoseconds }

  func unixMilliseconds(at nanoseconds: UInt64) -> UInt64 {
    UInt64(max(0, Int64(nanoseconds / 1_000_000) + wallClockOffsetMilliseconds))
  }

  /// Seconds since the Unix epoch.
  var unixSeconds: Int64 { Int64(clamping: unixMilliseconds(at: nowNanoseconds) / 1_000) }

  func nextID(at nanoseconds: UInt64) -> ExchangeID {
    ExchangeID(unixMilliseconds: unixMilliseconds(at: nanoseconds), random: ids.next())
  }

  /// A number that the other side can't choose.
  func nextRandom() -> UInt32 { UInt32(truncatingIfNeeded: ids.next().0 >> 32) }

  /// Starts the coarse timer that drives deadlines and hands telemetry over.
  func start() {
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    let tick = TimeAmount.nanoseconds(Int64(DeadlineWheel.tickNanoseconds))
    ticker = eventLoop.scheduleRepeatedTask(initialDelay: tick, delay: tick) { _ in bound.value.tick() }
  }

  func stop() {
    ticker?.cancel()
    ticker = nil
    tick()
  }

  private func tick() {
    let now = nowNanoseconds
    wheel.advance(nowNanoseconds: now)
    let milliseconds = unixMilliseconds(at: now)
    date.update(unixSeconds: milliseconds / 1_000)
    observer.tick(nowUnixMilliseconds: milliseconds)
  }

  func schedule(_ deadline: Deadline, after duration: Duration) {
    schedule(deadline, afterNanoseconds: duration.nanosecondsClamped)
  }

  func schedule(_ deadline: Deadline, afterNanoseconds: UInt64) {
    wheel.schedule(deadline, afterNanoseconds: afterNanoseconds)
  }

  func takeExchange() -> Exchange { exchanges.popLast() ?? Exchange() }

  func recycle(_ exchange: Exchange) {
    exchange.reset()
    if exchanges.count < Limits.pooledExchanges { exchanges.append(exchange) }
  }

  /// A cleared buffer for one write; give it back after the write so that its storage serves again.
  func takeBuffer() -> ByteBuffer {
    // An empty buffer in its place would be an object that all loops count references to.
    guard var buffer = spareBuffers.popLast() else { return ByteBufferAllocator().buffer(capacity: 4_096) }
    buffer.clear(minimumCapacity: 4_096)
    return buffer
  }

  func giveBack(_ buffer: ByteBuffer) {
    guard buffer.capacity <= 64 << 10, spareBuffers.count + lentBuffers.count < Limits.pooledBuffers else { return }
    if unsent.isEmpty { spareBuffers.append(buffer) } else { lentBuffers.append(buffer) }
  }

  // MARK: Sending

  /// Sends what a connection has written when this turn of the loop has dealt with its events, or sooner. A peer that
  /// waits for what several connections send is woken once for all of it, which is what sending mostly costs.
  func flushSoon(_ context: ChannelHandlerContext) {
    unsent.append(context)
    if unsent.count >= Limits.unsentConnections { return flushUnsent() }
    guard !isFlushScheduled else { return }
    isFlushScheduled = true
    eventLoop.assumeIsolatedUnsafeUnchecked().execute { [self] in
      isFlushScheduled = false
      flushUnsent()
    }
  }

  /// Sends what waits to be sent: before anything that takes long.
  func flushUnsent() {
    while !unsent.isEmpty {
      // What a flush leads to may write more.
      var contexts: [ChannelHandlerContext] = []
      swap(&contexts, &sending)
      swap(&contexts, &unsent)
      for index in contexts.indices { contexts[index].flush() }
      contexts.removeAll(keepingCapacity: true)
      swap(&contexts, &sending)
    }
    while let buffer = lentBuffers.popLast() { spareBuffers.append(buffer) }
  }
}

/// A client connection as a drain sees it.
protocol LoopConnection: AnyObject {
  var slot: ListenerSlot { get }
  var arrival: ClientArrival { get }
  /// Whether it is known who connects and how: a PROXY header and a handshake are over.
  var hasArrived: Bool { get }
  /// Finish what is under way, then close.
  func drain()
  /// Close now.
  func abort(reason: StaticString)
}

extension LoopConnection {
  var hasArrived: Bool { true }
}

/// Numbers for exchange ids: xorshift128+ (Vigna 2017). Unique, not secret.
struct IDGenerator {
  private var state: (UInt64, UInt64)

  init(seed: (UInt64, UInt64)) { state = seed == (0, 0) ? (1, 2) : seed }

  mutating func next() -> (UInt64, UInt64) {
    (step(), step())
  }

  private mutating func step() -> UInt64 {
    var first = state.0
    let second = state.1
    let result = first &+ second
    state.0 = second
    first ^= first << 23
    state.1 = first ^ second ^ (first >> 18) ^ (second >> 5)
    return result
  }
}

extension Duration {
  /// Nanoseconds from 0 to about 146 years.
  var nanosecondsClamped: UInt64 {
    let (seconds, attoseconds) = components
    guard seconds >= 0 else { return 0 }
    return UInt64(min(seconds, 1 << 32)) * 1_000_000_000 + UInt64(max(0, attoseconds) / 1_000_000_000)
  }
}
