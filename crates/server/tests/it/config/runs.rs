//! `stagedoor.runs`.

use super::one;

#[test]
fn limits_of_runs_are_read_for_all_and_for_single_definitions() {
    let text = "stagedoor:\n  runs:\n    stepsAtOnce: 8\n    atOnce: '20'\n    atOncePerEntity: 1\n    timeout: {hours: 2}\n    \
                stepTimeout: 10m\n    attempts: 3\n    keep: 500\n    of:\n      deploy: {atOnce: 1, timeout: PT30M}\n      \
                template:default/new-service: {attempts: 1}\n";
    let limits = one(text).good(&[]).stagedoor.runs;
    assert_eq!((limits.steps_at_once, limits.at_once, limits.at_once_per_entity), (8, Some(20), Some(1)));
    assert_eq!((limits.seconds, limits.step_seconds, limits.attempts, limits.kept), (7200, 600, 3, 500));
    let of = |name: &str| limits.of.iter().find(|(known, _)| known == name).unwrap().1.clone();
    assert_eq!(
        (of("deploy").at_once, of("deploy").seconds, of("deploy").attempts),
        (Some(1), Some(1800), None)
    );
    assert_eq!(of("template:default/new-service").attempts, Some(1));
    let usual = one("app: {title: x}\n").good(&[]).stagedoor.runs;
    assert_eq!((usual.steps_at_once, usual.at_once, usual.kept), (64, None, 10_000));
}

#[test]
fn what_is_wrong_with_a_limit_has_its_place() {
    let text = "stagedoor:\n  runs:\n    stepsAtOnce: 0\n    atOnce: many\n    timeout: soon\n    stepTimeout: {seconds: 0}\n    \
                keep: -1\n    of:\n      deploy: {timeout: 1y2, attempts: 0}\n";
    let errors = one(text).errors(&[]);
    let expected = [
        "app-config.yaml:3:18: stagedoor.runs.stepsAtOnce: expected a whole number from 1",
        "app-config.yaml:4:13: stagedoor.runs.atOnce: expected a whole number from 1",
        "app-config.yaml:5:14: stagedoor.runs.timeout: expected a duration of a second or more, such as {minutes: 30} or 30m",
        "app-config.yaml:6:18: stagedoor.runs.stepTimeout: expected a duration of a second or more, such as {minutes: 30} or 30m",
        "app-config.yaml:7:11: stagedoor.runs.keep: expected a whole number from 1",
        "app-config.yaml:9:25: stagedoor.runs.of.deploy.timeout: expected a duration of a second or more, such as {minutes: 30} or 30m",
        "app-config.yaml:9:40: stagedoor.runs.of.deploy.attempts: expected a whole number from 1",
    ];
    assert_eq!(errors, expected);
    let odd = one("stagedoor: {runs: {of: [deploy]}}\n").errors(&[]);
    assert!(odd[0].contains("stagedoor.runs.of"), "{odd:?}");
}
