import NIOCore
import SluiceModel

/// What one event loop owns: configuration, pools, filters, timers, flows. Touched on that loop only.
final class Loop {
  let index: Int
  let eventLoop: any EventLoop
  let observer: any LoopObserver
  let wheel: DeadlineWheel
  let flows: FlowTable
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
  private var spareBuffer = ByteBuffer()
  private var ids: IDGenerator
  private let wallClockOffsetMilliseconds: Int64
  private var ticker: RepeatedTask?
  private(set) var date = HTTPDate()

  /// - Parameters:
  ///   - wallClockMilliseconds: the time since the Unix epoch now.
  ///   - seed: where the loop's exchange ids start.
  init(
    index: Int, eventLoop: any EventLoop, observer: any LoopObserver, snapshot: GatewaySnapshot,
    makeFilter: FilterFactory, wallClockMilliseconds: UInt64, seed: (UInt64, UInt64)
  ) {
    self.index = index
    self.eventLoop = eventLoop
    self.observer = observer
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
    for asset in next.snapshot.configuration.assets where asset.protocol == .modbus {
      if let device = devices[asset.name] {
        device.update(asset)
        kept[asset.name] = device
      } else {
        kept[asset.name] = ModbusDevice(asset, loop: self)
      }
    }
    for (name, device) in devices where kept[name] == nil { device.closeAll() }
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

  func nextID(at nanoseconds: UInt64) -> ExchangeID {
    ExchangeID(unixMilliseconds: unixMilliseconds(at: nanoseconds), random: ids.next())
  }

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
    wheel.schedule(deadline, afterNanoseconds: duration.nanosecondsClamped)
  }

  func takeExchange() -> Exchange { exchanges.popLast() ?? Exchange() }

  func recycle(_ exchange: Exchange) {
    exchange.reset()
    if exchanges.count < 256 { exchanges.append(exchange) }
  }

  /// A cleared buffer for one write; give it back after the write so that its storage serves again.
  func takeBuffer() -> ByteBuffer {
    var buffer = ByteBuffer()
    swap(&buffer, &spareBuffer)
    buffer.clear(minimumCapacity: 4_096)
    return buffer
  }

  func giveBack(_ buffer: ByteBuffer) {
    if buffer.capacity <= 64 << 10 { spareBuffer = buffer }
  }
}

/// A client connection as a drain sees it.
protocol LoopConnection: AnyObject {
  var slot: ListenerSlot { get }
  /// Finish what is under way, then close.
  func drain()
  /// Close now.
  func abort(reason: StaticString)
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

/// The value of `Date` (RFC 9110 §5.6.7), formatted once a second.
struct HTTPDate {
  private(set) var bytes: [UInt8] = []
  private var unixSeconds = UInt64.max

  private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
  private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

  mutating func update(unixSeconds: UInt64) {
    guard unixSeconds != self.unixSeconds else { return }
    self.unixSeconds = unixSeconds
    let days = unixSeconds / 86_400
    let civil = HTTPDate.civil(days: Int(days))
    let second = unixSeconds % 86_400
    let two = { (value: UInt64) in value < 10 ? "0\(value)" : "\(value)" }
    let text =
      "\(HTTPDate.days[Int(days % 7)]), \(two(UInt64(civil.day))) \(HTTPDate.months[civil.month - 1]) \(civil.year) "
      + "\(two(second / 3_600)):\(two(second / 60 % 60)):\(two(second % 60)) GMT"
    bytes = Array(text.utf8)
  }

  /// Days since 1970-01-01 to a date of the Gregorian calendar (Hinnant, "chrono-compatible low-level date algorithms").
  static func civil(days: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = days + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
  }
}
