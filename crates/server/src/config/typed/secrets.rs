//! Reading where the key for secrets is.

use super::super::known;
use super::super::types::{SecretsSource, Text};
use super::{At, Reader};

impl Reader<'_> {
    pub(super) fn secrets(&mut self, at: &At<'_>) -> Option<SecretsSource> {
        self.object(at, known::SECRETS);
        let [key, file, command] = ["key", "keyFile", "keyCommand"].map(|name| at.key(name));
        let texts = [self.text(&key), self.text(&file), self.text(&command)];
        if texts.iter().flatten().count() > 1 {
            self.wrong(at, "expected one of key, keyFile and keyCommand");
            return None;
        }
        match texts {
            // Whatever it came out of: it is never shown.
            [Some(text), ..] => Some(SecretsSource::Key(Text::new(text.into(), true))),
            [_, Some(path), _] => {
                let folder = file.value.map(|value| value.place.directory()).unwrap_or_default();
                Some(SecretsSource::File(folder.join(&*path)))
            }
            [.., Some(words)] => Some(SecretsSource::Command(words)),
            [None, None, None] => None,
        }
    }
}
