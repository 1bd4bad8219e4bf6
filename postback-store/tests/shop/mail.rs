use postback_store::EffectFilter;

/// Name of the shop's effect.
pub(crate) const MAIL: &str = "mail";

/// Selects each effect that is not done.
pub(crate) fn all_pending() -> EffectFilter {
    let all = EffectFilter::of_all_projects().with_held();
    all.with_possible_duplicates().limit(10_000)
}
