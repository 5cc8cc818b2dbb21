//! `auth.providers.guest`; the other providers are not used.

use stagedoor_model::EntityRef;

use super::super::known;
use super::super::types::GuestAccess;
use super::super::value::Data;
use super::{At, Reader};

impl Reader<'_> {
    pub(super) fn guests(&mut self, auth: &At<'_>) -> Option<GuestAccess> {
        self.object(auth, known::AUTH);
        let providers = auth.key("providers");
        if let Some(Data::Object(all)) = providers.value.map(|value| &value.data) {
            let others = all.iter().map(|(name, _)| name).filter(|name| *name != "guest");
            self.unused.extend(others.map(|name| providers.key(name).path));
        }
        let guest = providers.key("guest");
        self.object(&guest, known::GUEST)?;
        let user = guest.key("userEntityRef");
        let user = self.reference(&user);
        let ownership = guest.key("ownershipEntityRefs");
        let ownership = self.list(&ownership).map(|()| {
            let all: Vec<At<'_>> = ownership.items().collect();
            all.iter().filter_map(|one| self.reference(one)).collect()
        });
        let anywhere = self.flag(&guest.key("dangerouslyAllowOutsideDevelopment")).unwrap_or(false);
        if anywhere && let Some(value) = guest.value {
            let words = "auth.providers.guest.dangerouslyAllowOutsideDevelopment lets everybody in who reaches this \
                server: they see what members see";
            self.problems.warn(Some(&value.place), words.to_owned());
        }
        Some(GuestAccess { user, ownership, anywhere })
    }

    /// A full reference, in lower case.
    fn reference(&mut self, at: &At<'_>) -> Option<String> {
        let text = self.text(at)?;
        match EntityRef::parse(&text, None, "default") {
            Ok(reference) => Some(reference.key()),
            Err(_) => {
                self.wrong(at, "expected a reference such as user:default/guest");
                None
            }
        }
    }
}
