//! The forms in which one record is handed to policies, each made at most once. The image is made of every record, since records are
//! routed by it too.

use policy_contract::image::{BadJson, Writer};
use policy_contract::manifest::RecordFormat;

/// Makes the forms of one record after the other, and keeps its memory for the next.
#[derive(Debug, Default)]
pub struct Handover {
    writer: Writer,
    image: Vec<u8>,
}

/// One record, in every form that is asked for.
#[derive(Debug)]
pub struct Forms<'a> {
    json: &'a str,
    handover: &'a mut Handover,
    is_made: Option<Result<(), BadJson>>,
}

impl Handover {
    /// Begins with a record, by its JSON text.
    pub fn of<'a>(&'a mut self, json: &'a str) -> Forms<'a> {
        Forms { json, handover: self, is_made: None }
    }
}

impl Forms<'_> {
    /// The record in the form that a manifest asks for.
    ///
    /// # Errors
    /// No image can be made of it. The reader accepts no such record; should the two ever disagree, this is to be reported.
    pub fn in_format(&mut self, format: RecordFormat) -> Result<&[u8], BadJson> {
        match format {
            RecordFormat::Json => Ok(self.json.as_bytes()),
            RecordFormat::Image => {
                let Handover { writer, image } = &mut *self.handover;
                let json = self.json;
                let make = || {
                    image.clear();
                    writer.write(json, image)
                };
                (*self.is_made.get_or_insert_with(make)).map(|()| self.handover.image.as_slice())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use policy_contract::image::Image;

    use super::*;

    #[test]
    fn each_record_has_its_own_forms() {
        let mut handover = Handover::default();
        for json in [r#"{"eventName":"A"}"#, r#"{"eventName":"B"}"#] {
            let mut forms = handover.of(json);
            for _ in 0..2 {
                assert_eq!(forms.in_format(RecordFormat::Json), Ok(json.as_bytes()));
                let image = Image::read(forms.in_format(RecordFormat::Image).unwrap()).unwrap();
                assert_eq!(image.root().to_string(), json);
            }
        }
    }

    #[test]
    fn what_has_no_image_is_an_error_each_time_and_spoils_no_other_form_or_record() {
        let mut handover = Handover::default();
        let mut forms = handover.of("{");
        let refusal = forms.in_format(RecordFormat::Image).unwrap_err();
        assert_eq!(forms.in_format(RecordFormat::Image), Err(refusal));
        assert_eq!(forms.in_format(RecordFormat::Json), Ok(&b"{"[..]));
        assert!(handover.of("{}").in_format(RecordFormat::Image).is_ok());
    }
}
