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
        if index + 1 < machines.count {
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
    state = Int(table[state &<< shift | Int(classes[SymbolSet.edge])])
    if state >= first { note(machine, state, found) }
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
    stateL = Int(tableL[stateL &<< shiftL | Int(classesL[SymbolSet.edge])])
    stateR = Int(tableR[stateR &<< shiftR | Int(classesR[SymbolSet.edge])])
    if stateL >= firstL { note(left, stateL, found) }
    if stateR >= firstR { note(right, stateR, found) }
    return clauses
  }
}
