//! `auth.providers.guest`.

use stagedoor_server::config::GuestAccess;

use super::one;

#[test]
fn guests_are_read() {
    let guests = |text: &str| one(text).good(&[]).guests;
    assert_eq!(guests("auth: {}"), None);
    assert_eq!(guests("auth: { providers: { github: {} } }"), None);
    assert_eq!(guests("auth: { providers: { guest: {} } }"), Some(GuestAccess::default()));
    assert_eq!(guests("auth:\n  providers:\n    guest:\n"), None, "a key without a value is as good as none");
    let all = "auth: { providers: { guest: { userEntityRef: 'User:Visitor', ownershipEntityRefs: ['Group:a/B'], \
        dangerouslyAllowOutsideDevelopment: true } } }";
    let expected = GuestAccess {
        user: Some("user:default/visitor".into()),
        ownership: Some(vec!["group:a/b".into()]),
        anywhere: true,
    };
    assert_eq!(guests(all), Some(expected));
    let warned = one(all);
    let warnings = warned.warnings(&warned.good(&[]));
    assert!(warnings[0].contains("lets everybody in"), "{warnings:?}");
}

#[test]
fn what_is_wrong_with_guests_is_named() {
    let guest = |text: &str| one(&format!("auth: {{ providers: {{ guest: {text} }} }}"));
    for (text, place) in [
        ("{ userEntityRef: visitor }", "auth.providers.guest.userEntityRef: expected a reference"),
        ("{ userEntityRef: 7 }", "auth.providers.guest.userEntityRef"),
        ("{ ownershipEntityRefs: group:a }", "auth.providers.guest.ownershipEntityRefs: expected a list"),
        ("{ ownershipEntityRefs: ['a:b:c/'] }", "auth.providers.guest.ownershipEntityRefs[0]"),
        ("{ dangerouslyAllowOutsideDevelopment: perhaps }", "dangerouslyAllowOutsideDevelopment"),
        ("7", "auth.providers.guest: expected an object"),
    ] {
        let errors = guest(text).errors(&[]);
        assert!(errors.iter().any(|error| error.contains(place)), "{text}: {errors:?}");
    }
    let others = one("auth: { providers: { guest: {}, github: { development: { clientId: x } } } }");
    assert_eq!(others.warnings(&others.good(&[])), ["not used yet: auth.providers.github"]);
}
