//! Which function a caller names.

use crate::account::{ACCOUNT, REGION};

/// The one version that functions have here.
pub(super) const LATEST: &str = "$LATEST";

/// A function's name, and the version or alias behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Target<'a> {
    pub(super) name: &'a str,
    pub(super) qualifier: Option<&'a str>,
}

impl<'a> Target<'a> {
    /// Reads a name, a partial ARN (`123456789012:function:NAME`) or a full one, each with `:QUALIFIER` behind it or not (Lambda API
    /// reference, `Invoke`). A Region or an account that is not this stack's gives a name that no function has.
    pub(super) fn read(function: &'a str) -> Target<'a> {
        let mut rest = function;
        for part in ["arn:aws:lambda", REGION, ACCOUNT, "function"] {
            rest = rest.strip_prefix(part).and_then(|rest| rest.strip_prefix(':')).unwrap_or(rest);
        }
        match rest.split_once(':') {
            Some((name, qualifier)) => Target { name, qualifier: Some(qualifier) },
            None => Target { name: rest, qualifier: None },
        }
    }

    /// Whether the qualifier, if any, is that of a version there is.
    pub(super) fn exists(&self) -> bool {
        self.qualifier.is_none_or(|qualifier| qualifier == LATEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_functions_name_is_read() {
        for (prefix, named) in
            [("", true), ("123456789012:function:", true), ("arn:aws:lambda:eu-central-1:123456789012:function:", true), ("x:", false)]
        {
            assert_eq!(Target::read(&format!("{prefix}test")).name == "test", named, "{prefix}");
            let qualified = format!("{prefix}test:$LATEST");
            assert_eq!(Target::read(&qualified) == Target { name: "test", qualifier: Some(LATEST) }, named, "{prefix}");
        }
        assert!(Target::read("test").exists() && Target::read("test:$LATEST").exists() && !Target::read("test:live").exists());
        assert!(!Target::read("arn:aws:lambda:eu-west-1:123456789012:function:test").exists());
        assert!(!Target::read("210987654321:function:test").exists());
    }
}
