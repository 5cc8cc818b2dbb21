//! Which definitions lead back to themselves.

/// The number of each node's strongly connected component: two nodes lead to one another exactly where their
/// numbers are equal. `edges` has for each node those that it leads to.
pub(super) fn components(edges: &[Vec<usize>]) -> Vec<usize> {
    let order = finished(edges);
    let mut back = vec![Vec::new(); edges.len()];
    for (from, to) in edges.iter().enumerate().flat_map(|(from, all)| all.iter().map(move |to| (from, *to))) {
        if let Some(list) = back.get_mut(to) {
            list.push(from);
        }
    }
    let mut component = vec![usize::MAX; edges.len()];
    for root in order.into_iter().rev() {
        let mut stack = vec![root];
        while let Some(node) = stack.pop() {
            if let Some(free) = component.get_mut(node).filter(|c| **c == usize::MAX) {
                *free = root;
                stack.extend(back.get(node).into_iter().flatten());
            }
        }
    }
    component
}

/// How long the longest chain from each node is, where there is no circle.
pub(super) fn depths(edges: &[Vec<usize>]) -> Vec<usize> {
    let mut depth = vec![0; edges.len()];
    for node in finished(edges) {
        let below = edges.get(node).into_iter().flatten().filter_map(|to| depth.get(*to)).max();
        let here = below.copied().unwrap_or(0) + 1;
        if let Some(depth) = depth.get_mut(node) {
            *depth = here;
        }
    }
    depth
}

/// The nodes in the order in which a walk in depth is done with them.
fn finished(edges: &[Vec<usize>]) -> Vec<usize> {
    let mut order = Vec::with_capacity(edges.len());
    let mut seen = vec![false; edges.len()];
    for root in 0..edges.len() {
        let mut stack = vec![(root, false)];
        while let Some((node, done)) = stack.pop() {
            if done {
                order.push(node);
            } else if let Some(new) = seen.get_mut(node).filter(|s| !**s) {
                *new = true;
                stack.push((node, true));
                stack.extend(edges.get(node).into_iter().flatten().map(|to| (*to, false)));
            }
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::components;

    #[test]
    fn what_leads_to_one_another_is_together() {
        let edges = [vec![1], vec![2], vec![0, 3], vec![4], vec![], vec![5], vec![4, 0]];
        let found = components(&edges);
        let reaches = |a: usize, b: usize| {
            let (mut seen, mut stack) = ([false; 7], vec![a]);
            while let Some(n) = stack.pop() {
                stack.extend(edges[n].iter().filter(|m| !std::mem::replace(&mut seen[**m], true)));
            }
            seen[b]
        };
        for a in 0..edges.len() {
            for b in 0..edges.len() {
                assert_eq!(found[a] == found[b], a == b || (reaches(a, b) && reaches(b, a)), "{a} {b}");
            }
        }
    }
}
