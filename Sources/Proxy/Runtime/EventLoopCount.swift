import CLinux

#if canImport(Glibc)
  import Glibc
#endif

/// How many event loops serve the machine: one per CPU of the affinity mask, capped by the cgroup's CPU quota.
public enum EventLoopCount {
  /// - Parameter configured: the operator's number, which wins.
  public static func web(configured: Int?) -> Int {
    if let configured { return max(1, configured) }
    let affinity = Int(clinux_affinity_cpu_count())
    return max(1, min(affinity > 0 ? affinity : 1, quota() ?? .max))
  }

  /// CPUs that the quota allows, rounded up; nil without a quota.
  private static func quota() -> Int? {
    if let text = read("/sys/fs/cgroup/cpu.max") { return parse(version2: text) }
    guard let quota = read("/sys/fs/cgroup/cpu/cpu.cfs_quota_us").flatMap({ Int($0) }), quota > 0,
      let period = read("/sys/fs/cgroup/cpu/cpu.cfs_period_us").flatMap({ Int($0) }), period > 0
    else { return nil }
    return (quota + period - 1) / period
  }

  /// Reads the `cpu.max` of cgroup v2: `max 100000` or `150000 100000`.
  package static func parse(version2 text: String) -> Int? {
    let parts = text.split(separator: " ")
    guard parts.count == 2, let quota = Int(parts[0]), let period = Int(parts[1]), quota > 0, period > 0 else {
      return nil
    }
    return (quota + period - 1) / period
  }

  private static func read(_ path: String) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = fread(&bytes, 1, bytes.count, file)
    let text = String(decoding: bytes.prefix(count), as: UTF8.self)
    return text.split(separator: "\n").first.map(String.init)
  }
}
