import Glibc

/// What the kernel says of this process.
public struct ProcessStatus: Sendable, Equatable {
  public var residentBytes: Int
  public var virtualBytes: Int
  /// User and system time since the start.
  public var cpuSeconds: Double
  public var threads: Int
  public var openFileDescriptors: Int
  /// The soft limit of open file descriptors; nil when there is none.
  public var maximumFileDescriptors: Int?
  public var startUnixSeconds: Double

  public init(
    residentBytes: Int = 0, virtualBytes: Int = 0, cpuSeconds: Double = 0, threads: Int = 0,
    openFileDescriptors: Int = 0, maximumFileDescriptors: Int? = nil, startUnixSeconds: Double = 0
  ) {
    self.residentBytes = residentBytes
    self.virtualBytes = virtualBytes
    self.cpuSeconds = cpuSeconds
    self.threads = threads
    self.openFileDescriptors = openFileDescriptors
    self.maximumFileDescriptors = maximumFileDescriptors
    self.startUnixSeconds = startUnixSeconds
  }

  /// Reads `/proc/self`; a number that can't be read is 0.
  public static func read() -> ProcessStatus {
    var status = ProcessStatus()
    let page = max(1, sysconf(Int32(_SC_PAGESIZE)))
    let ticks = Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
    // The fields after the program's name, which is in parentheses and may hold anything; the first is field 3.
    let text = contents(of: "/proc/self/stat")
    if let close = text.lastIndex(of: ")") {
      let fields = text[text.index(after: close)...].split(separator: " ")
      func field(_ number: Int) -> Int { fields.count > number - 3 ? Int(fields[number - 3]) ?? 0 : 0 }
      status.cpuSeconds = Double(field(14) &+ field(15)) / ticks
      status.threads = field(20)
      status.virtualBytes = field(23)
      status.residentBytes = field(24) &* page
      let boot = contents(of: "/proc/stat").split(separator: "\n").first { $0.hasPrefix("btime ") }
      if let seconds = boot.flatMap({ Double($0.dropFirst(6)) }) {
        status.startUnixSeconds = seconds + Double(field(22)) / ticks
      }
    }
    let descriptors = try? SystemFiles().names(in: "/proc/self/fd")
    // Without the descriptor of the listing.
    status.openFileDescriptors = max(0, (descriptors?.count ?? 1) - 1)
    var limit = rlimit()
    if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur != rlim_t.max {
      status.maximumFileDescriptors = Int(clamping: limit.rlim_cur)
    }
    return status
  }

  private static func contents(of path: String) -> String {
    guard let file = try? SystemFiles().open(path, .read), let bytes = try? file.read(at: 0, count: 256 << 10) else {
      return ""
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
