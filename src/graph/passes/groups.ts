// Groups of nodes that keep a graph free of cycles while they merge.
import type { Graph, Node } from '../node.ts'

export interface Group {
  /** In the graph's order. */
  members: Node[]
  /** Position among the groups: every group comes after those that its members use. */
  rank: number
}

/**
 * Partition of a graph's nodes, at first one node a group, ordered topologically at all times. Merging two groups is refused
 * where the merged group would have to run both before and after a third.
 */
export class Groups {
  private readonly groupOf = new Map<Node, Group>()
  private readonly consumers = new Map<Node, Node[]>()
  private readonly position = new Map<Node, number>()
  /** Groups by rank; null where a merged group was. */
  private readonly slots: (Group | null)[] = []

  constructor(graph: Graph) {
    graph.nodes.forEach((node, i) => {
      const group: Group = { members: [node], rank: i }
      this.groupOf.set(node, group)
      this.position.set(node, i)
      this.slots.push(group)
      for (const input of node.inputs) {
        const list = this.consumers.get(input)
        if (list === undefined) this.consumers.set(input, [node])
        else list.push(node)
      }
    })
  }

  of(node: Node): Group {
    return this.groupOf.get(node)!
  }

  /** The nodes that use `node`, in the graph's order. */
  consumersOf(node: Node): readonly Node[] {
    return this.consumers.get(node) ?? []
  }

  /** All groups, each after those it depends on. */
  ordered(): Group[] {
    return this.slots.filter((group) => group !== null)
  }

  /** Merges two groups of which `later` uses `earlier`. False, and nothing changed, if a path leads from one to the other around them. */
  merge(earlier: Group, later: Group): boolean {
    const between = this.dependentsBefore(earlier, later)
    if (between === null) return false
    // Slots from earlier to later: first what does not depend on the merged group, then the group, then what does.
    const first = earlier.rank
    const last = later.rank
    const before: Group[] = []
    const after: Group[] = []
    for (let rank = first + 1; rank < last; rank++) {
      const group = this.slots[rank]
      if (group) (between.has(group) ? after : before).push(group)
    }
    later.members = [...earlier.members, ...later.members].sort((a, b) => this.position.get(a)! - this.position.get(b)!)
    for (const node of earlier.members) this.groupOf.set(node, later)
    const order = [...before, later, ...after]
    for (let rank = first; rank <= last; rank++) {
      const group = order[rank - first] ?? null
      this.slots[rank] = group
      if (group !== null) group.rank = rank
    }
    return true
  }

  /** The groups that depend on `earlier` and rank before `later`; null if `later` depends on one of them. */
  private dependentsBefore(earlier: Group, later: Group): Set<Group> | null {
    const found = new Set<Group>()
    const stack = [earlier]
    for (let group = stack.pop(); group !== undefined; group = stack.pop()) {
      for (const node of group.members) {
        for (const consumer of this.consumersOf(node)) {
          const next = this.groupOf.get(consumer)!
          if (next === group || next.rank > later.rank) continue
          if (next === later) {
            if (group !== earlier) return null
          } else if (!found.has(next)) {
            found.add(next)
            stack.push(next)
          }
        }
      }
    }
    return found
  }
}
