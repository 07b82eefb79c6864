//! `PublishBatch`. An entry that is wrong has the whole batch refused, as on AWS: what `Failed` lists there are failures of the service,
//! and here there are none.

use std::collections::BTreeSet;

use crate::sns::{
    Sns,
    error::SnsError,
    form::Parameters,
    message::{LARGEST_MESSAGE, Message},
    xml,
};

const MOST_ENTRIES: usize = 10;
/// Characters of an entry's id at most.
const LONGEST_ID: usize = 80;

impl Sns {
    pub(super) fn publish_batch(&self, parameters: &Parameters) -> Result<String, SnsError> {
        let topic = self.topic(parameters.text("TopicArn").ok_or_else(|| SnsError::missing("topicArn"))?)?;
        let entries = parameters.elements("PublishBatchRequestEntries.member");
        let ids = ids(&entries)?;
        let messages = entries.iter().map(Message::read).collect::<Result<Vec<_>, _>>()?;
        let bytes = messages.iter().map(Message::bytes).sum();
        if bytes > LARGEST_MESSAGE {
            return Err(SnsError::batch_too_long());
        }
        // AWS bills the batch as one request.
        self.meter.sns_publish(bytes);
        let publish = |(id, message)| xml::text("Id", id) + &xml::text("MessageId", &self.send(topic, message));
        let successful = xml::members(ids.into_iter().zip(messages).map(publish));
        Ok(xml::element("Failed", "") + &xml::element("Successful", successful))
    }
}

/// The ids of the entries, which tell them apart in the answer.
fn ids(entries: &[Parameters]) -> Result<Vec<&str>, SnsError> {
    if entries.is_empty() {
        return Err(SnsError::empty_batch());
    }
    if entries.len() > MOST_ENTRIES {
        return Err(SnsError::too_many_entries());
    }
    let ids: Vec<_> = entries.iter().map(|entry| entry.text("Id").unwrap_or_default()).collect();
    let letters = |id: &str| id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if ids.iter().any(|id| id.is_empty() || id.len() > LONGEST_ID || !letters(id)) {
        return Err(SnsError::entry_id());
    }
    if ids.iter().collect::<BTreeSet<_>>().len() < ids.len() { Err(SnsError::entry_id_repeated()) } else { Ok(ids) }
}
