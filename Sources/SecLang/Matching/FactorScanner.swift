/// Reads a value once and tells which factors it contains and which clauses it satisfies.
// invariant: the memory behind the pointers is written by init alone and freed by deinit, so threads may share it.
final class FactorScanner: @unchecked Sendable {
  /// One automaton, in memory of its own. An accepting state has a range of marks.
  struct Machine {
    // invariant: `table` has `stateCount << shift` elements, each below `stateCount`; `classes` has 257, each below
    // `1 << shift`; so every index that a step computes is inside.
    let table: UnsafeMutablePointer<UInt16>
    let classes: UnsafeMutablePointer<UInt8>
    let shift: Int
    let start: Int
    let firstAccepting: Int
    /// Where the marks of each accepting state begin; one more than there are such states.
    let markStarts: [Int32]
    let marks: [Mark]
    let stateCount: Int
  }

  /// The bits that a found factor sets.
  struct Mark {
    let word: Int
    let bits: UInt64
  }

  private(set) var machines: [Machine] = []
  /// The clauses that each byte satisfies.
  // invariant: 256 elements.
  private let presence: UnsafeMutablePointer<UInt64>

  /// `marks` gives the bits of each factor.
  // invariant: all memory that is allocated here is initialized here, to the counts stated at the properties.
  init(_ automata: [FactorAutomaton], presence bits: [UInt64], mark: (Int) -> Mark) {
    presence = .allocate(capacity: 256)
    for byte in 0..<256 { presence.advanced(by: byte).initialize(to: byte < bits.count ? bits[byte] : 0) }
    for automaton in automata {
      let table = UnsafeMutablePointer<UInt16>.allocate(capacity: automaton.table.count)
      _ = UnsafeMutableBufferPointer(start: table, count: automaton.table.count).initialize(from: automaton.table)
      let classes = UnsafeMutablePointer<UInt8>.allocate(capacity: 257)
      _ = UnsafeMutableBufferPointer(start: classes, count: 257).initialize(from: automaton.classes)
      var marks: [Mark] = []
      var starts: [Int32] = [0]
      for numbers in automaton.accepted {
        marks += numbers.map(mark)
        starts.append(Int32(marks.count))
      }
      machines.append(
        Machine(
          table: table, classes: classes, shift: automaton.shift, start: automaton.start,
          firstAccepting: automaton.firstAccepting, markStarts: starts, marks: marks, stateCount: automaton.stateCount))
    }
  }

  deinit {
    presence.deallocate()
    for machine in machines {
      machine.table.deallocate()
      machine.classes.deallocate()
    }
  }

  /// Sets the bits of all factors of `value` in `found` and returns the clauses that it satisfies.
  // invariant: `found` has all words that marks name; `value` is read inside the closure alone.
  func scan(_ value: Span<UInt8>, _ found: UnsafeMutablePointer<UInt64>) -> UInt64 {
    value.withUnsafeBufferPointer { bytes in
      var clauses: UInt64 = 0
      var index = 0
      if machines.isEmpty {
        for byte in bytes { clauses |= presence[Int(byte)] }
      }
      while index < machines.count {
        if bytes.count >= Self.splitLength {
          clauses |= quarters(machines[index], bytes, found)
          index += 1
        } else if index + 1 < machines.count {
          clauses |= pair(machines[index], machines[index + 1], bytes, found)
          index += 2
        } else {
          clauses |= single(machines[index], bytes, found)
          index += 1
        }
      }
      return clauses
    }
  }

  /// From this length on, the quarters of a value are read side by side.
  private static let splitLength = 512

  // invariant: see Machine; `found` as in scan.
  @inline(__always)
  private func note(_ machine: borrowing Machine, _ state: Int, _ found: UnsafeMutablePointer<UInt64>) {
    let index = state - machine.firstAccepting
    for mark in Int(machine.markStarts[index])..<Int(machine.markStarts[index + 1]) {
      found[machine.marks[mark].word] |= machine.marks[mark].bits
    }
  }

  // invariant: see Machine; `bytes` is read at indexes below its count.
  private func single(
    _ machine: Machine, _ bytes: UnsafeBufferPointer<UInt8>, _ found: UnsafeMutablePointer<UInt64>
  ) -> UInt64 {
    let (table, classes, shift, first) = (machine.table, machine.classes, machine.shift, machine.firstAccepting)
    var clauses: UInt64 = 0
    var state = machine.start
    for index in 0..<bytes.count {
      let byte = Int(bytes[index])
      clauses |= presence[byte]
      state = Int(table[state &<< shift | Int(classes[byte])])
      if state >= first { note(machine, state, found) }
    }
    finish(machine, state, bytes, from: bytes.count, found)
    return clauses
  }

  /// Two automata side by side: while one waits for memory, the other goes on.
  // invariant: see Machine; `bytes` is read at indexes below its count.
  private func pair(
    _ left: Machine, _ right: Machine, _ bytes: UnsafeBufferPointer<UInt8>, _ found: UnsafeMutablePointer<UInt64>
  ) -> UInt64 {
    let (tableL, classesL, shiftL, firstL) = (left.table, left.classes, left.shift, left.firstAccepting)
    let (tableR, classesR, shiftR, firstR) = (right.table, right.classes, right.shift, right.firstAccepting)
    var clauses: UInt64 = 0
    var stateL = left.start
    var stateR = right.start
    for index in 0..<bytes.count {
      let byte = Int(bytes[index])
      clauses |= presence[byte]
      stateL = Int(tableL[stateL &<< shiftL | Int(classesL[byte])])
      stateR = Int(tableR[stateR &<< shiftR | Int(classesR[byte])])
      if stateL >= firstL { note(left, stateL, found) }
      if stateR >= firstR { note(right, stateR, found) }
    }
    finish(left, stateL, bytes, from: bytes.count, found)
    finish(right, stateR, bytes, from: bytes.count, found)
    return clauses
  }

  /// One automaton on all quarters of the value: four waits for memory at a time. Each quarter but the first begins as if
  /// nothing stood before it. What began there is read on until the automaton is in a state in which it was at that
  /// place before: what follows is the same.
  // invariant: see Machine; `bytes` is read at indexes below its count, which is four times that of `States` at least.
  private func quarters(
    _ machine: Machine, _ bytes: UnsafeBufferPointer<UInt8>, _ found: UnsafeMutablePointer<UInt64>
  ) -> UInt64 {
    let (table, classes, shift, first) = (machine.table, machine.classes, machine.shift, machine.firstAccepting)
    let quarter = bytes.count / 4
    var clauses: UInt64 = 0
    var (state0, state1, state2, state3) = (machine.start, machine.start, machine.start, machine.start)
    var met1 = States(repeating: 0)
    var met2 = States(repeating: 0)
    var met3 = States(repeating: 0)
    var index = 0
    var end = met1.count
    while true {
      while index < end {
        let byte0 = Int(bytes[index])
        let byte1 = Int(bytes[quarter &+ index])
        let byte2 = Int(bytes[quarter &* 2 &+ index])
        let byte3 = Int(bytes[quarter &* 3 &+ index])
        clauses |= presence[byte0] | presence[byte1] | presence[byte2] | presence[byte3]
        state0 = Int(table[state0 &<< shift | Int(classes[byte0])])
        state1 = Int(table[state1 &<< shift | Int(classes[byte1])])
        state2 = Int(table[state2 &<< shift | Int(classes[byte2])])
        state3 = Int(table[state3 &<< shift | Int(classes[byte3])])
        if max(max(state0, state1), max(state2, state3)) >= first {
          if state0 >= first { note(machine, state0, found) }
          if state1 >= first { note(machine, state1, found) }
          if state2 >= first { note(machine, state2, found) }
          if state3 >= first { note(machine, state3, found) }
        }
        if index < met1.count {
          met1[index] = UInt16(truncatingIfNeeded: state1)
          met2[index] = UInt16(truncatingIfNeeded: state2)
          met3[index] = UInt16(truncatingIfNeeded: state3)
        }
        index &+= 1
      }
      if end == quarter { break }
      end = quarter
    }
    for index in quarter &* 4..<bytes.count { clauses |= presence[Int(bytes[index])] }
    finish(machine, state3, bytes, from: quarter &* 4, found)
    goOn(machine, state2, bytes, from: quarter &* 3, met3, found)
    goOn(machine, state1, bytes, from: quarter &* 2, met2, found)
    goOn(machine, state0, bytes, from: quarter, met1, found)
    return clauses
  }

  /// The states in which an automaton was at the beginning of a quarter.
  private typealias States = InlineArray<64, UInt16>

  /// Reads on from where a quarter led, until the state is one that was met at this place.
  // invariant: see Machine; `bytes` has as many elements from `place` on as `met`.
  private func goOn(
    _ machine: Machine, _ start: Int, _ bytes: UnsafeBufferPointer<UInt8>, from place: Int, _ met: States,
    _ found: UnsafeMutablePointer<UInt64>
  ) {
    var state = start
    for index in met.indices {
      let byte = Int(bytes[place &+ index])
      state = Int(machine.table[state &<< machine.shift | Int(machine.classes[byte])])
      if state == Int(met[index]) { return }
      if state >= machine.firstAccepting { note(machine, state, found) }
    }
    finish(machine, state, bytes, from: place &+ met.count, found)
  }

  /// Reads the last bytes and the edge.
  // invariant: see Machine; `bytes` is read at indexes from `place`, which is not negative, up to its count.
  private func finish(
    _ machine: Machine, _ start: Int, _ bytes: UnsafeBufferPointer<UInt8>, from place: Int,
    _ found: UnsafeMutablePointer<UInt64>
  ) {
    var state = start
    for index in place..<bytes.count {
      state = Int(machine.table[state &<< machine.shift | Int(machine.classes[Int(bytes[index])])])
      if state >= machine.firstAccepting { note(machine, state, found) }
    }
    state = Int(machine.table[state &<< machine.shift | Int(machine.classes[SymbolSet.edge])])
    if state >= machine.firstAccepting { note(machine, state, found) }
  }
}
