//! Upper bounds of what running a term costs.

/// For one input. All numbers only grow with the weight of the input, and never slower than in proportion, apart from a
/// constant part: `cost(w) <= cost(1) + w / v * cost(v)` for `w <= v`. Every rule keeps it so; [`Cost::over`] needs it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cost {
    /// How many outputs.
    pub(super) outputs: f64,
    /// The weight of the heaviest.
    pub(super) heaviest: f64,
    /// The weight of all together.
    pub(super) total: f64,
    /// Steps, and the weight of everything that is made on the way.
    pub(super) work: f64,
    /// No output is lighter.
    pub(super) lightest: f64,
    /// No member of an output is lighter, where it has members.
    pub(super) member: f64,
}

impl Cost {
    /// One output.
    pub(super) fn one(weight: f64, work: f64) -> Self {
        Self { outputs: 1.0, heaviest: weight, total: weight, work: work + 1.0, lightest: 1.0, member: 1.0 }
    }

    /// No output.
    pub(super) fn none() -> Self {
        Self { outputs: 0.0, heaviest: 1.0, total: 0.0, work: 1.0, lightest: 1.0, member: 1.0 }
    }

    /// What `.[]` makes of one value.
    pub(super) fn members(self) -> Self {
        let outputs = self.total / self.member;
        Self { outputs, work: self.work + self.total + outputs, lightest: self.member, member: 1.0, ..self }
    }

    pub(super) fn with_work(self, work: f64) -> Self {
        Self { work: self.work + work, ..self }
    }

    /// All outputs of both.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            outputs: self.outputs + other.outputs,
            heaviest: self.heaviest.max(other.heaviest),
            total: self.total + other.total,
            work: self.work + other.work,
            lightest: self.lightest.min(other.lightest),
            member: self.member.min(other.member),
        }
    }

    /// Whichever costs more.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            outputs: self.outputs.max(other.outputs),
            heaviest: self.heaviest.max(other.heaviest),
            total: self.total.max(other.total),
            work: self.work.max(other.work),
            lightest: self.lightest.min(other.lightest),
            member: self.member.min(other.member),
        }
    }

    /// Run this many times.
    pub(super) fn times(self, times: f64) -> Self {
        Self { outputs: self.outputs * times, total: self.total * times, work: self.work * times, ..self }
    }

    /// Something run for each of these outputs, which costs `least` for an input of weight 1 and `most` for the
    /// heaviest. The outputs share one total, so not all of them can be the heaviest.
    pub(super) fn over(self, least: Self, most: Self) -> Self {
        let heavy = self.total / self.heaviest.max(1.0);
        let all = least.times(self.outputs).and(most.times(heavy));
        Self { work: all.work + self.work, heaviest: most.heaviest, ..all }
    }
}
