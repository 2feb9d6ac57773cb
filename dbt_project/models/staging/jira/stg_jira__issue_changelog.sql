with records as (

    select * from {{ latest_records('raw_jira', 'issue_changelog') }} as records

),

final as (

    select
        {{ json_text('records.payload', '$.id') }} as history_id,
        {{ json_text('records.payload', '$._context.issue_id') }} as issue_id,
        {{ json_text('records.payload', '$.author.accountId') }} as author_account_id,
        {{ json_timestamp('records.payload', '$.created') }} as changed_at,
        cast(change.item_no as bigint) as item_no,
        {{ json_text('change.item', '$.field') }} as field,
        {{ json_text('change.item', '$.fieldId') }} as field_id,
        {{ json_text('change.item', '$.from') }} as from_value,
        {{ json_text('change.item', '$.fromString') }} as from_text,
        {{ json_text('change.item', '$.to') }} as to_value,
        {{ json_text('change.item', '$.toString') }} as to_text,
        records.instance,
        records.record_key,
        records.collection_id,
        records.collected_at,
        records.payload_sha256
    from records
    {{ json_items('records.payload', '$.items', 'change') }}

)

select * from final
