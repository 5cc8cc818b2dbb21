//! What a rule says of an entity.

/// What a rule says of an entity. A thing that is not known yet is no failure, and an excused one no success.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// The rule holds.
    Passed,
    /// It does not hold.
    Failed,
    /// It does not hold, and a value that is missing could still make it hold.
    NotMeasured,
    /// The scorecard's filter leaves the entity out.
    NotApplicable,
    /// It does not hold, and a granted exemption excuses it.
    Exempt,
}

impl Status {
    /// As our own API writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::NotMeasured => "notMeasured",
            Self::NotApplicable => "notApplicable",
            Self::Exempt => "exempt",
        }
    }

    /// The status of a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        let all = [Self::Passed, Self::Failed, Self::NotMeasured, Self::NotApplicable, Self::Exempt];
        all.into_iter().find(|status| status.name() == name)
    }

    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Passed => "Passed",
            Self::Failed => "Failed",
            Self::NotMeasured => "Not measured",
            Self::NotApplicable => "Not applicable",
            Self::Exempt => "Exempt",
        }
    }

    /// Whether the rule counts as held when levels are given.
    #[must_use]
    pub const fn counts_as_passed(self) -> bool {
        matches!(self, Self::Passed | Self::Exempt)
    }

    /// As Port writes it in an entity: `SUCCESS` or `FAILURE`.
    #[must_use]
    pub const fn port(self) -> &'static str {
        if self.counts_as_passed() { "SUCCESS" } else { "FAILURE" }
    }

    /// As Port writes it in a rule's result: `Passed` or `Not passed`.
    #[must_use]
    pub const fn result(self) -> &'static str {
        if self.counts_as_passed() { "Passed" } else { "Not passed" }
    }
}

/// How many entities have which status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Of [`Status::Passed`].
    pub passed: u64,
    /// Of [`Status::Failed`].
    pub failed: u64,
    /// Of [`Status::NotMeasured`].
    pub not_measured: u64,
    /// Of [`Status::NotApplicable`].
    pub not_applicable: u64,
    /// Of [`Status::Exempt`].
    pub exempt: u64,
}
