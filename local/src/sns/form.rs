//! Reading a request of the query protocol: parameters whose names are paths, such as `MessageAttributes.entry.1.Value.StringValue`.

use std::collections::BTreeMap;

use url::form_urlencoded;

/// Parameters by name. Of one that is given twice, the last counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// Reads a form. What is not UTF-8 in it becomes U+FFFD.
    pub(super) fn read(body: &[u8]) -> Parameters {
        Parameters(form_urlencoded::parse(body).map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// A parameter, which may be empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The elements of a list or of a map in the order of their numbers, each with the parameters below its own: of
    /// `MessageAttributes.entry`, the first has what begins with `MessageAttributes.entry.1.`.
    pub(super) fn elements(&self, name: &str) -> Vec<Parameters> {
        let mut elements: BTreeMap<u64, Parameters> = BTreeMap::new();
        for (path, value) in &self.0 {
            let below = path.strip_prefix(name).and_then(|rest| rest.strip_prefix('.')).and_then(|rest| rest.split_once('.'));
            if let Some((number, member)) = below
                && let Ok(number) = number.parse()
            {
                elements.entry(number).or_default().0.insert(member.to_owned(), value.clone());
            }
        }
        elements.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn elements_come_in_the_order_of_their_numbers_whatever_lies_between() {
        let parameters =
            Parameters::read(b"L.member.10.Id=ten&L.member.2.Id=two&L.member.2.A.entry.1.Name=n&L.member.x.Id=no&L.memberless.1.Id=no");
        let elements = parameters.elements("L.member");
        let ids: Vec<_> = elements.iter().map(|element| element.text("Id")).collect();
        assert_eq!(ids, [Some("two"), Some("ten")]);
        assert_eq!(elements[0].elements("A.entry")[0].text("Name"), Some("n"));
        assert!(parameters.elements("Missing").is_empty());
    }

    #[test]
    fn nonsense_is_read_as_far_as_it_goes() {
        assert_eq!(Parameters::read(b""), Parameters::default());
        assert_eq!(Parameters::read(b"&&=&Action").text("Action"), Some(""));
        assert_eq!(Parameters::read(b"a=%F&b=%ff").text("b"), Some("\u{fffd}"));
    }

    proptest! {
        #[test]
        fn what_a_client_writes_is_what_is_read(values in prop::collection::btree_map("[^\\x00]{1,8}", any::<String>(), 0..6)) {
            let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&values).finish();
            prop_assert_eq!(Parameters::read(body.as_bytes()), Parameters(values));
        }

        #[test]
        fn a_list_comes_back_whole_and_in_order(values in prop::collection::vec(any::<String>(), 0..30)) {
            let mut form = form_urlencoded::Serializer::new(String::new());
            for (index, value) in values.iter().enumerate().rev() {
                form.append_pair(&format!("Entries.member.{}.Id", index + 1), value);
            }
            let read = Parameters::read(form.finish().as_bytes()).elements("Entries.member");
            let read: Vec<_> = read.iter().filter_map(|element| element.text("Id")).collect();
            prop_assert_eq!(read, values);
        }

        #[test]
        fn no_body_is_too_odd_to_read(body in prop::collection::vec(any::<u8>(), 0..200)) {
            Parameters::read(&body).elements("a");
        }
    }
}
