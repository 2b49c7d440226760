/// Names and values one after another in one buffer: what a body processor makes of a body.
package struct FieldStore: Sendable {
  package struct Field: Sendable {
    package var name: Range<Int>
    package var value: Range<Int>
  }

  package private(set) var bytes: [UInt8] = []
  package private(set) var fields: [Field] = []

  package init() {}

  package var isEmpty: Bool { fields.isEmpty }
  package var count: Int { fields.count }

  /// Bytes of all names and values together, as `ARGS_COMBINED_SIZE` and `FILES_COMBINED_SIZE` count.
  package var combinedSize: Int {
    var size = 0
    for field in fields { size &+= field.name.count &+ field.value.count }
    return size
  }

  package mutating func append(name: Span<UInt8>, value: Span<UInt8>) {
    let nameStart = bytes.count
    bytes.append(copying: name)
    let valueStart = bytes.count
    bytes.append(copying: value)
    fields.append(Field(name: nameStart..<valueStart, value: valueStart..<bytes.count))
  }

  /// Appends a field whose name is its value, stored once, as `FILES_NAMES` and `MULTIPART_NAME` have them.
  package mutating func append(nameAndValue text: Span<UInt8>) {
    let start = bytes.count
    bytes.append(copying: text)
    fields.append(Field(name: start..<bytes.count, value: start..<bytes.count))
  }

  /// Appends a field with the name of the field before it, stored once.
  package mutating func append(valueOfSameName value: Span<UInt8>) {
    let start = bytes.count
    bytes.append(copying: value)
    let name = fields.last?.name ?? start..<start
    fields.append(Field(name: name, value: start..<bytes.count))
  }

  /// Bytes that were appended since, but belong to no field yet, become the value of a field with this name when
  /// ``endField(name:)`` says so.
  mutating func extend(_ value: Span<UInt8>) { bytes.append(copying: value) }

  /// Makes a field of what was appended behind `name`.
  mutating func endField(name: Range<Int>) {
    fields.append(Field(name: name, value: name.upperBound..<bytes.count))
  }

  package mutating func removeAll(keepingCapacity: Bool) {
    bytes.removeAll(keepingCapacity: keepingCapacity)
    fields.removeAll(keepingCapacity: keepingCapacity)
  }

  /// Makes a field of bytes that are stored already.
  mutating func append(storedName name: Range<Int>, value: Range<Int>) {
    fields.append(Field(name: name, value: value))
  }

  /// Lets a tokenizer write behind what is stored, `room` bytes or more, without a check for each byte.
  /// - Parameter body: gets the buffer's start, so that ranges count from there; bytes stored so far, to be advanced by
  ///   what it writes; the bytes that it must not pass; the list of fields.
  // invariant: the array's storage is contiguous, so the free room handed out lies right behind the stored bytes of the
  // same allocation, and the start is `stored` before it. It is not kept beyond the call. Tokenizers write only up to
  // the end they are given and never set `used` below what was stored before.
  @inline(__always)
  mutating func withRoom(
    _ room: Int,
    _ body: (
      _ start: UnsafeMutablePointer<UInt8>, _ used: inout Int, _ end: Int, _ fields: inout [Field]
    ) -> Void
  ) {
    let stored = bytes.count
    if bytes.capacity &- stored < room { bytes.reserveCapacity(max(stored &+ room, bytes.capacity &* 2)) }
    let end = bytes.capacity
    if fields.isEmpty { fields.reserveCapacity(min(room / 16, 256)) }
    var list: [Field] = []
    swap(&list, &fields)
    bytes.append(addingCapacity: end &- stored) { output in
      output.withUnsafeMutableBufferPointer { buffer, initialized in
        guard let free = buffer.baseAddress else { return }
        var used = stored
        body(free - stored, &used, end, &list)
        initialized = max(0, used &- stored)
      }
    }
    swap(&list, &fields)
  }

  /// Forgets bytes that belong to no field, written since `count` bytes were stored.
  mutating func truncate(to count: Int) {
    if count < bytes.count { bytes.removeLast(bytes.count &- count) }
  }
}

extension [UInt8] {
  /// Appends the bytes of a span in one copy.
  package mutating func append(copying span: Span<UInt8>) {
    // invariant: the buffer is read within the closure alone.
    span.withUnsafeBufferPointer { append(contentsOf: $0) }
  }
}
