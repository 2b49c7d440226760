import NIOCore
public import SluiceModel

/// What a filter may use of the event loop it lives on.
public struct FilterEnvironment {
  let loop: Loop
  /// The firewall's audit log as the configuration of this filter has it.
  public let auditLog: AuditLogConfiguration
  /// The name of the listener that the filter serves.
  public let listener: String

  /// Monotonic time.
  public var nowNanoseconds: UInt64 { loop.nowNanoseconds }

  /// Whether a decision record can be kept now.
  public var canRecordDecisions: Bool { loop.observer.canRecordDecisions }

  /// Writes a line to the firewall's audit log: one JSON object without a line feed, secrets taken out.
  public func audit(_ line: Span<UInt8>) { loop.observer.audit(line) }

  /// What all filters of one kind share on this event loop, over reloads; made by the first that asks.
  public func shared<Value: AnyObject>(_ make: () -> Value) -> Value { loop.shared.value(make) }

  /// The way back to the filter's loop from any thread.
  public var hop: LoopHop { LoopHop(eventLoop: loop.eventLoop) }

  /// A value of this loop's that may pass through other threads on its way back here.
  public func bind<Value>(_ value: Value) -> LoopBound<Value> { LoopBound(value, eventLoop: loop.eventLoop) }

  /// Runs `work` on a worker thread and then `then`, with what it returned, on the filter's loop. A filter that answers
  /// `wait` meanwhile keeps the exchange's id and resumes with it in `then`.
  /// - Returns: false when the queue of the workers is full: nothing runs then, and the filter does as its settings say.
  public func offload<Value: Sendable>(
    _ work: @escaping @Sendable () -> Value, then: @escaping (Value) -> Void
  ) -> Bool {
    let eventLoop = loop.eventLoop
    let then = NIOLoopBound(then, eventLoop: eventLoop)
    let isTaken = loop.workers.submit {
      let value = work()
      eventLoop.execute { then.value(value) }
    }
    if !isTaken { loop.observer.count(.workRefused) }
    return isTaken
  }

  /// Calls `body` on the filter's loop after `duration`, to the tick of the loop's timer.
  public func timer(_ body: @escaping () -> Void) -> FilterTimer { FilterTimer(loop: loop, body: body) }
}

/// Objects by their type.
final class LoopValues {
  private var values: [ObjectIdentifier: AnyObject] = [:]

  func value<Value: AnyObject>(_ make: () -> Value) -> Value {
    if let found = values[ObjectIdentifier(Value.self)] as? Value { return found }
    let made = make()
    values[ObjectIdentifier(Value.self)] = made
    return made
  }
}

/// A timer on the loop's wheel.
public final class FilterTimer: DeadlineOwner {
  private let loop: Loop
  private let body: () -> Void
  private var deadline: Deadline?

  init(loop: Loop, body: @escaping () -> Void) {
    self.loop = loop
    self.body = body
  }

  public func schedule(after duration: Duration) {
    let deadline = deadline ?? Deadline(owner: self)
    self.deadline = deadline
    loop.schedule(deadline, after: duration)
  }

  public func cancel() {
    deadline?.invalidate()
    deadline = nil
  }

  package func deadlineReached() { body() }
}

/// The way back to an event loop from any thread.
public struct LoopHop: Sendable {
  let eventLoop: any EventLoop

  /// Calls `work` on the loop, soon; work of one thread stays in order. Once the gateway has stopped, nothing is called.
  public func enqueue(_ work: @escaping @Sendable () -> Void) { eventLoop.execute(work) }
}

/// Something that belongs to one event loop, in a wrapping that other threads may carry but not open.
public struct LoopBound<Value>: Sendable {
  private let bound: NIOLoopBound<Value>

  init(_ value: Value, eventLoop: any EventLoop) { bound = NIOLoopBound(value, eventLoop: eventLoop) }

  /// Only on the loop that it belongs to; anywhere else the process ends.
  public var value: Value { bound.value }
}
