#include "compute_thread.h"

#include <omp.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace tanuki {
namespace {

struct Queue {
  std::mutex mutex;
  std::condition_variable wake;
  std::deque<std::function<void()>> work;
  bool started = false;
  int threads = 1;
};
// Never destroyed: the detached thread may wait on it while the process ends.
Queue& queue() {
  static Queue* instance = new Queue;
  return *instance;
}

void loop(int threads) {
  omp_set_dynamic(0);
  omp_set_num_threads(threads);
  Queue& q = queue();
  for (;;) {
    std::function<void()> work;
    {
      std::unique_lock<std::mutex> lock(q.mutex);
      q.wake.wait(lock, [&] { return !q.work.empty(); });
      work = std::move(q.work.front());
      q.work.pop_front();
    }
    work();
  }
}

}  // namespace

void computeLater(std::function<void()> work) {
  Queue& q = queue();
  std::lock_guard<std::mutex> lock(q.mutex);
  if (!q.started) {
    q.started = true;
    std::thread(loop, q.threads).detach();
  }
  q.work.push_back(std::move(work));
  q.wake.notify_one();
}

int threadCount() {
  Queue& q = queue();
  std::lock_guard<std::mutex> lock(q.mutex);
  return q.threads;
}

void setThreadCount(int count) {
  Queue& q = queue();
  std::lock_guard<std::mutex> lock(q.mutex);
  if (q.started && count != q.threads) throw std::logic_error("the number of threads is fixed once something has been computed");
  q.threads = count < 1 ? 1 : count;
}

}  // namespace tanuki
