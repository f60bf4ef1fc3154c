// The one long-lived thread that computes: OpenMP keeps a team for each thread that opens parallel regions, so only this one does.
#pragma once
#include <functional>

namespace tanuki {

/** Queues `work`; it runs after everything queued before. `work` must not throw. */
void computeLater(std::function<void()> work);
/** Threads that a step may be split over. Default: physical cores; see setThreads. */
int threadCount();
/** Before the first computation only. @throws std::logic_error afterwards. */
void setThreadCount(int count);

}  // namespace tanuki
