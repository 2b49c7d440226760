import Glibc
package import SecLang

/// The system's clocks, as the engine wants them.
package enum SystemTime {
  /// Monotonic.
  package static func nanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(max(0, time.tv_sec)) &* 1_000_000_000 &+ UInt64(max(0, time.tv_nsec))
  }

  /// The time of day in the system's time zone.
  package static func wallClock() -> WallClock {
    var now = time(nil)
    var parts = tm()
    localtime_r(&now, &parts)
    return WallClock(
      epochSeconds: now, year: Int(parts.tm_year) + 1_900, month: Int(parts.tm_mon) + 1, day: Int(parts.tm_mday),
      hour: Int(parts.tm_hour), minute: Int(parts.tm_min), second: Int(parts.tm_sec), weekday: Int(parts.tm_wday))
  }
}

extension Workspace {
  /// For a thread that runs transactions by the system's clocks.
  package static func system(
    timeBudgetNanoseconds: UInt64, collections: CollectionStore? = nil
  ) -> Workspace {
    Workspace(
      timeBudgetNanoseconds: timeBudgetNanoseconds, collections: collections,
      nowNanoseconds: SystemTime.nanoseconds, wallClock: SystemTime.wallClock)
  }
}
